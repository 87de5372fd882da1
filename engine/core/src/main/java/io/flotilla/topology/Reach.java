package io.flotilla.topology;

import java.util.BitSet;

/** The errors of the whole graph: no start, and agents that cannot be reached. */
final class Reach {

    private Reach() {}

    /** Without a start nothing can be reached, which is one error; then only agents without any edge are reported. */
    static void check(Draft draft, Graph graph) {
        boolean started = graph.outDegree(Graph.START) > 0;
        if (!started) {
            draft.faultOfAll(
                    TopologyError.Kind.NO_START,
                    "no edge leads from start to an agent, such as start -> " + example(draft, graph));
        }
        BitSet reached = graph.reach(Graph.START, false);
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            if (reached.get(node) || draft.isAtFault(node)) {
                continue;
            }
            if (!draft.isLinked(node)) {
                draft.fault(TopologyError.Kind.UNREACHABLE, Names.quoted(draft.name(node)) + " has no edges", node);
            } else if (started) {
                draft.fault(
                        TopologyError.Kind.UNREACHABLE,
                        Names.quoted(draft.name(node)) + " cannot be reached from start",
                        node);
            }
        }
    }

    private static String example(Draft draft, Graph graph) {
        return graph.nodes > Graph.FIRST_AGENT ? Names.quoted(draft.name(Graph.FIRST_AGENT)) : "A";
    }
}
