package io.flotilla.run;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a workflow lays down for each of its runs. Immutable.
 *
 * @param routes the topology
 * @param join the join of forks and rendezvous that have none of their own
 * @param joinAt joins by node
 * @param end the join of the run
 * @param limits what a run may use
 * @param maxCorrections how many corrections in a row an agent is given
 * @param maxStepsInFlight how many steps may be in flight
 * @param answerType what a run may be answered with
 */
record Plan(
        Routes routes,
        Join join,
        Map<Integer, Join> joinAt,
        Join end,
        Limits.Chain limits,
        int maxCorrections,
        int maxStepsInFlight,
        Class<?> answerType) {

    /** Who handed the work on, with {@code node} behind it. */
    Delegation delegation(@Nullable Delegation path, int node) {
        return Delegation.after(path, node, limits.delegationCycles != null);
    }

    Join joinAt(int node) {
        return joinAt.getOrDefault(node, join);
    }
}
