package io.flotilla.run.machine;

import io.flotilla.run.Arrival;
import io.flotilla.run.Join;
import io.flotilla.run.Outcome;
import io.flotilla.run.RecordedException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A rendezvous that waits: who has come to a node, in the scope they meet in. Becomes a branch of that scope when it fires.
 */
final class Rendezvous {

    final Scope scope;
    final int node;
    final Join join;

    /** From where it can be reached without passing the scope's resolver. */
    final BitSet from;

    /** Its place among the rendezvous of its scope, see {@link #rank(int, int)}. */
    final long rank;

    /**
     * How many places of the scope are occupied by somebody who may still come and can move, rendezvous of the same scope
     * aside; kept by {@link Occupancy}.
     */
    int movers;

    /** The timer of its deadline; 0 for none. */
    long timer;

    boolean open = true;

    /** What the predicate of its join has thrown. */
    @Nullable RecordedException thrown;

    /** Who handed on to those who have come, as the first of them knows it. */
    private final List<Arriving> arrivals = new ArrayList<>();

    private record Arriving(Arrival arrival, Delegation delegation) {}

    Rendezvous(Scope scope, int node, long rank, Join join, BitSet from) {
        this.scope = scope;
        this.node = node;
        this.rank = rank;
        this.join = join;
        this.from = from;
    }

    /** Its rank in a fork: by its agent's place in topological order, then by instance. */
    static long rank(int order, int instance) {
        return (long) order << 32 | instance;
    }

    /** Whether somebody may come to it from where the other is. */
    boolean waitsFor(Rendezvous other) {
        return other.node != node && from.get(other.node);
    }

    void add(Arrival arrival, Delegation delegation) {
        arrivals.add(new Arriving(arrival, delegation));
    }

    int arrived() {
        return arrivals.size();
    }

    /** In lineage order; to be called once, when nobody comes any more. */
    List<Arrival> arrivals() {
        arrivals.sort(Comparator.comparing(coming -> coming.arrival().branch()));
        return arrivals.stream().map(Arriving::arrival).toList();
    }

    /** Each arrival as an answer, in lineage order, as they are when asked for. */
    Supplier<List<Outcome>> outcomesSoFar() {
        return () -> arrivals.stream()
                .map(Arriving::arrival)
                .sorted(Comparator.comparing(Arrival::branch))
                .map(arrival -> (Outcome) new Outcome.Answered(arrival.agent(), arrival.branch(), arrival.value()))
                .toList();
    }

    /** The path of delegation of the first in lineage order; after {@link #arrivals()}. */
    Delegation delegation() {
        return arrivals.get(0).delegation();
    }
}
