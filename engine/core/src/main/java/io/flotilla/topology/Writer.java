package io.flotilla.topology;

import java.util.BitSet;

/**
 * Writes a topology in its notation, so that reading it gives the same one: agents and successors in the same order. Where
 * the edges alone would mention the agents in another order, lines that only declare them go first. Not thread-safe.
 */
final class Writer {

    private static final int DECLARED_PER_LINE = 10;

    private final String[] names;
    private final Graph graph;
    private final StringBuilder edges = new StringBuilder();
    /** By node, how many of its edges are written. */
    private final int[] written;

    private int mentioned = Graph.FIRST_AGENT;
    private boolean mentionedInOrder = true;

    private Writer(String[] names, Graph graph) {
        this.names = names;
        this.graph = graph;
        this.written = new int[graph.nodes];
    }

    static String write(String[] names, Graph graph, BitSet rendezvous, Rules rules) {
        Writer writer = new Writer(names, graph);
        for (int node = 0; node < graph.nodes; node++) {
            writer.edgesOf(node);
        }
        StringBuilder text = new StringBuilder();
        if (!writer.mentionedInOrder) {
            writer.declare(text);
        }
        text.append(writer.edges);
        BitSet expected = graph.rendezvous();
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            if (rendezvous.get(node) != expected.get(node)) {
                text.append(rendezvous.get(node) ? Statements.RENDEZVOUS : Statements.PASS_THROUGH)
                        .append(' ')
                        .append(names[node])
                        .append('\n');
            }
        }
        Statements.write(rules, text);
        return text.toString();
    }

    /** A line for each run of targets that are all, or all not, to be written with the edge back. */
    private void edgesOf(int node) {
        int degree = graph.outDegree(node);
        while (written[node] < degree) {
            boolean both = isNextBack(node, next(node));
            mention(node);
            edges.append(names[node]).append(both ? " <-> " : " -> ");
            String separator = "";
            while (written[node] < degree && both == isNextBack(node, next(node))) {
                int target = next(node);
                written[node]++;
                if (both) {
                    written[target]++;
                }
                mention(target);
                edges.append(separator).append(names[target]);
                separator = ", ";
            }
            edges.append('\n');
        }
    }

    private int next(int node) {
        return graph.out[graph.outBegin[node] + written[node]];
    }

    /** Whether the next edge to be written of the target is the one back. */
    private boolean isNextBack(int node, int target) {
        return target != node && written[target] < graph.outDegree(target) && next(target) == node;
    }

    private void mention(int node) {
        if (node == mentioned) {
            mentioned++;
        } else if (node > mentioned) {
            mentionedInOrder = false;
        }
    }

    private void declare(StringBuilder text) {
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            boolean ends = (node - Graph.FIRST_AGENT + 1) % DECLARED_PER_LINE == 0 || node == graph.nodes - 1;
            text.append(names[node]).append(ends ? "\n" : ", ");
        }
    }
}
