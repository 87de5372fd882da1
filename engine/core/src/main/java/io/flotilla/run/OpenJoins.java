package io.flotilla.run;

import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.JoinObservationContext;
import io.flotilla.run.machine.Effect;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The forks that wait for their join, and the spans of ended branches that somebody may be linked to: those a join gets, and
 * those that have come to a rendezvous. Keeps as many of a fork, and of a rendezvous, as a span may have links.
 *
 * <p>Touched by the worker of the run only.
 */
final class OpenJoins {

    /**
     * A fork that waits.
     *
     * @param members those that have ended with an answer or a failure
     */
    private record Open(Wait waiting, Map<BranchPath, Span> members) {}

    /** The wait for a fork, as it is observed. */
    record Wait(Span span, JoinObservationContext what) {}

    /** By the branch that has forked, and the number of its fork. */
    private final Map<BranchPath, Map<Integer, Open>> forks = new LinkedHashMap<>();

    /** Those that have gone somewhere, by where they went. */
    private final Map<String, Map<BranchPath, Span>> gone = new HashMap<>();

    void opened(BranchPath branch, int fork, Wait wait) {
        forks.computeIfAbsent(branch, any -> new TreeMap<>()).put(fork, new Open(wait, new TreeMap<>()));
    }

    /** A branch has answered or failed. */
    void ended(BranchPath branch, Span span) {
        BranchPath parent = branch.parent();
        Map<Integer, Open> ofParent = parent == null ? null : forks.get(parent);
        Open open = ofParent == null ? null : ofParent.get(branch.fork());
        if (open != null) {
            keep(branch, span, open.members());
        }
    }

    /** A branch has gone to a rendezvous, or back to an agent that has forked. */
    void movedOn(BranchPath branch, Span span, String to) {
        keep(branch, span, gone.computeIfAbsent(to, any -> new LinkedHashMap<>()));
    }

    private static void keep(BranchPath branch, Span span, Map<BranchPath, Span> kept) {
        if (kept.size() < FlotillaObservationContext.MAX_LINKS) {
            kept.put(branch, span);
        }
    }

    /**
     * The join of a fork has decided. Null if nobody knows of the fork. {@code next}: what its agent gets of it, or null.
     */
    @Nullable Joined joined(BranchPath branch, int fork, String agent, Effect.@Nullable StartStep next) {
        Map<Integer, Open> ofBranch = forks.get(branch);
        if (ofBranch == null) {
            return null;
        }
        Open open = ofBranch.remove(fork);
        if (open == null) {
            return null;
        }
        if (ofBranch.isEmpty()) {
            forks.remove(branch);
        }
        if (next == null || next.turn().outcomes().isEmpty()) {
            return new Joined(open.waiting(), List.copyOf(open.members().values()));
        }
        List<Span> links = new ArrayList<>();
        for (Outcome outcome : next.turn().outcomes()) {
            Span member = open.members().get(outcome.branch());
            Span linked = member == null ? take(agent, outcome.branch()) : member;
            if (linked != null && links.size() < FlotillaObservationContext.MAX_LINKS) {
                links.add(linked);
            }
        }
        return new Joined(open.waiting(), links);
    }

    /** A join that has decided, and what it is linked to. */
    record Joined(Wait waiting, List<Span> links) {}

    /** Those that have come to a rendezvous. {@code next}: what its agent gets of them, or null if it fails at once. */
    List<Span> arrived(String agent, Effect.@Nullable StartStep next) {
        if (next == null) {
            Map<BranchPath, Span> all = gone.remove(agent);
            return all == null ? List.of() : List.copyOf(all.values());
        }
        List<Span> links = new ArrayList<>();
        for (Arrival arrival : next.turn().arrivals()) {
            Span linked = take(agent, arrival.branch());
            if (linked != null && links.size() < FlotillaObservationContext.MAX_LINKS) {
                links.add(linked);
            }
        }
        return links;
    }

    private @Nullable Span take(String agent, BranchPath branch) {
        Map<BranchPath, Span> all = gone.get(agent);
        Span taken = all == null ? null : all.remove(branch);
        if (all != null && all.isEmpty()) {
            gone.remove(agent);
        }
        return taken;
    }

    /** A branch has ended: the spans of its forks that nobody waits for any more. */
    List<Span> left(BranchPath branch) {
        Map<Integer, Open> left = forks.remove(branch);
        return left == null
                ? List.of()
                : left.values().stream().map(open -> open.waiting().span()).toList();
    }

    /** The run is over: the spans of all. */
    List<Span> all() {
        List<Span> waits = forks.values().stream()
                .flatMap(ofBranch -> ofBranch.values().stream())
                .map(open -> open.waiting().span())
                .toList();
        forks.clear();
        gone.clear();
        return waits;
    }
}
