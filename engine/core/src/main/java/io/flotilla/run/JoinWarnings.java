package io.flotilla.run;

import io.flotilla.topology.Topology;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds rendezvous whose join allows failures while a fork that feeds them does not. The two joins are apart: the first branch
 * that fails ends such a fork, and with it the rendezvous, whatever its own join allows.
 */
final class JoinWarnings {

    /** The most agents that are looked at, over all pairs: a large topology must not make building it slow. */
    private static final int MAX_LOOKS = 200_000;

    private final Topology topology;
    private final Function<String, Join> joinAt;
    private int looks;

    JoinWarnings(Topology topology, Function<String, Join> joinAt) {
        this.topology = topology;
        this.joinAt = joinAt;
    }

    List<String> find() {
        List<String> warnings = new ArrayList<>();
        for (String rendezvous : topology.agents()) {
            if (!topology.isRendezvous(rendezvous) || !allowsFailures(joinAt.apply(rendezvous))) {
                continue;
            }
            for (String fork : topology.agents()) {
                if (looks > MAX_LOOKS) {
                    return List.copyOf(warnings);
                }
                looks++;
                boolean isStrict = joinAt.apply(fork).shortfall() == Join.Shortfall.FAIL
                        && topology.successors(fork).size() > 1
                        && !fork.equals(rendezvous);
                if (isStrict && feeds(fork, rendezvous)) {
                    warnings.add("rendezvous " + rendezvous + " allows failures (" + joinAt.apply(rendezvous)
                            + "), but the fork at " + fork + " that feeds it does not (" + joinAt.apply(fork)
                            + "): its first branch that fails can end it before; to let the others go on, write .joinAt(\""
                            + fork + "\", Join.allSettled().orProceed())");
                }
            }
        }
        return List.copyOf(warnings);
    }

    private static boolean allowsFailures(Join join) {
        return join.requirement() != Join.Requirement.ALL || join.shortfall() != Join.Shortfall.FAIL;
    }

    /** Whether several branches of the fork can come to the rendezvous without passing the fork's own agent. */
    private boolean feeds(String fork, String rendezvous) {
        Set<String> before = new HashSet<>(List.of(rendezvous));
        Deque<String> next = new ArrayDeque<>(before);
        while (!next.isEmpty()) {
            looks++;
            for (String predecessor : topology.predecessors(next.remove())) {
                if (!predecessor.equals(fork) && before.add(predecessor)) {
                    next.add(predecessor);
                }
            }
        }
        return topology.successors(fork).stream().filter(before::contains).count() > 1;
    }
}
