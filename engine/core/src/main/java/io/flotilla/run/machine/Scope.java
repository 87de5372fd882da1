package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Join;
import io.flotilla.run.Outcome;
import io.flotilla.run.RecordedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A fork while any of its branches lives: the branch that opened it, its resolver, waits until the join decides; every
 * branch spawned inside belongs to it. The run itself is the outermost scope, which has no resolver.
 *
 * <p>It counts its members and keeps their outcomes; what follows from that is the machine's to decide.
 */
final class Scope {

    final @Nullable Branch resolver;
    final @Nullable Scope parent;

    /** Where the resolver was when it forked; {@link Routes#NONE} for the run. */
    final int node;

    /** Which fork of its resolver it is. */
    final int fork;

    final Join join;

    /** The join has decided; what settles from now on is late. */
    boolean decided;

    /** It is waiting to be looked at. */
    boolean queued;

    /** Nothing lives inside any more, and nobody can enter. */
    boolean closed;

    /** The timer of its join; 0 for none. */
    long timer;

    /** The counts that the predicate of its join was last asked about. */
    @Nullable Tally judged;

    /** What the predicate of its join has thrown. */
    @Nullable RecordedException thrown;

    private int members;
    private int live;
    private int answered;
    private int failed;
    private List<Outcome> outcomes = new ArrayList<>();

    private @Nullable Branch first;
    private @Nullable Branch last;

    // Scopes inside that are open, opened by members.
    private @Nullable Scope firstInner;
    private @Nullable Scope previousSibling;
    private @Nullable Scope nextSibling;

    /** Rendezvous that wait, by the place of their node in topological order. */
    final SortedMap<Integer, Rendezvous> rendezvous = new TreeMap<>();

    /** The last early firing at a node: how many branches there were. */
    final Map<Integer, Long> firedEarly = new HashMap<>(2);

    /** How many rendezvous have been opened at a node. */
    private final Map<Integer, Integer> instances = new HashMap<>(2);

    @Nullable Occupancy occupancy;

    /** The scope of a fork, or of the run. */
    Scope(@Nullable Branch resolver, Join join) {
        this.resolver = resolver;
        this.join = join;
        if (resolver == null) {
            parent = null;
            node = Routes.NONE;
            fork = 0;
        } else {
            parent = resolver.home;
            node = resolver.node;
            fork = resolver.forks++;
            resolver.home.addInner(this);
        }
    }

    /** The path of its next member, which is no rendezvous. */
    BranchPath nextPath() {
        return nextPath(BranchPath.INVOKED);
    }

    /** The path of its next member. */
    BranchPath nextPath(long rank) {
        int index = members++;
        return resolver == null ? BranchPath.outsideForks(index, rank) : resolver.path.forked(fork, index, rank);
    }

    /** The number of the next rendezvous at a node, from 0. */
    int nextInstance(int node) {
        return instances.merge(node, 1, Integer::sum) - 1;
    }

    /** Whether this scope or one around it was opened at the agent. */
    boolean isAt(int agent) {
        for (Scope scope = this; scope != null; scope = scope.parent) {
            if (scope.node == agent) {
                return true;
            }
        }
        return false;
    }

    // --- members

    void add(Branch branch) {
        branch.previous = last;
        if (last == null) {
            first = branch;
        } else {
            last.next = branch;
        }
        last = branch;
        live++;
    }

    void remove(Branch branch) {
        if (branch.previous == null) {
            first = branch.next;
        } else {
            branch.previous.next = branch.next;
        }
        if (branch.next == null) {
            last = branch.previous;
        } else {
            branch.next.previous = branch.previous;
        }
        branch.previous = null;
        branch.next = null;
        live--;
    }

    /** The first of its live members; the others hang on its {@code next}. */
    @Nullable Branch firstLive() {
        return first;
    }

    /** The last of its live members. */
    @Nullable Branch lastLive() {
        return last;
    }

    int live() {
        return live;
    }

    private void addInner(Scope inner) {
        inner.nextSibling = firstInner;
        if (firstInner != null) {
            firstInner.previousSibling = inner;
        }
        firstInner = inner;
    }

    /** Takes this scope out of the one around it. */
    void close() {
        closed = true;
        decided = true;
        occupancy = null;
        if (previousSibling != null) {
            previousSibling.nextSibling = nextSibling;
        } else if (parent != null) {
            parent.firstInner = nextSibling;
        }
        if (nextSibling != null) {
            nextSibling.previousSibling = previousSibling;
        }
        previousSibling = null;
        nextSibling = null;
    }

    @Nullable Scope firstInner() {
        return firstInner;
    }

    @Nullable Scope nextSibling() {
        return nextSibling;
    }

    boolean isEmpty() {
        return live == 0 && rendezvous.isEmpty() && firstInner == null;
    }

    // --- outcomes

    void add(Outcome outcome) {
        outcomes.add(outcome);
        if (outcome.isFailure()) {
            failed++;
        } else {
            answered++;
        }
    }

    Tally tally() {
        return new Tally(answered, failed, live + rendezvous.size());
    }

    Tally tally(int mayAnswer) {
        return new Tally(answered, failed, mayAnswer);
    }

    /** In lineage order. Hands the list over: a scope that kept it would keep every answer for as long as its stragglers. */
    List<Outcome> takeOutcomes() {
        List<Outcome> taken = inOrder(outcomes);
        outcomes = new ArrayList<>(0); // one that was handed out stays as it is
        return taken;
    }

    /** In lineage order, as they are now, whatever comes before they are asked for. */
    Supplier<List<Outcome>> outcomesSoFar() {
        List<Outcome> now = outcomes;
        int size = now.size();
        return () -> inOrder(now.subList(0, size));
    }

    private static List<Outcome> inOrder(List<Outcome> some) {
        List<Outcome> sorted = new ArrayList<>(some);
        sorted.sort(Comparator.comparing(Outcome::branch));
        return List.copyOf(sorted);
    }
}
