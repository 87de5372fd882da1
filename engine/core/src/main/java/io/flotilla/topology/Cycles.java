package io.flotilla.topology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/** Some cycles of a graph: shortest ones, each with a node that is in none found before it. */
final class Cycles {

    private static final int UNSEEN = -1;

    private final Graph graph;
    private final Components components;

    private Cycles(Graph graph) {
        this.graph = graph;
        this.components = new Components(graph);
    }

    /** At most so many, each from its first-declared agent on, sorted by it. The graph has no edge from a node to itself. */
    static List<int[]> find(Graph graph, int most) {
        Cycles cycles = new Cycles(graph);
        List<int[]> found = new ArrayList<>();
        BitSet covered = new BitSet();
        for (int node = Graph.FIRST_AGENT; node < graph.nodes && found.size() < most; node++) {
            if (!covered.get(node) && cycles.components.size(cycles.components.of[node]) > 1) {
                int[] cycle = cycles.shortestThrough(node);
                Arrays.stream(cycle).forEach(covered::set);
                found.add(cycle);
            }
        }
        found.sort(Comparator.comparingInt(cycle -> cycle[0]));
        return found;
    }

    /** Breadth first from a node inside its component, until an edge leads back to it. */
    private int[] shortestThrough(int root) {
        int[] before = new int[graph.nodes];
        int[] queue = new int[graph.nodes];
        Arrays.fill(before, UNSEEN);
        int filled = 0;
        queue[filled++] = root;
        for (int taken = 0; taken < filled; taken++) {
            int node = queue[taken];
            for (int at = graph.outBegin[node]; at < graph.outBegin[node + 1]; at++) {
                int target = graph.out[at];
                if (target == root) {
                    return fromItsFirst(wayTo(node, root, before));
                }
                if (components.of[target] == components.of[root] && before[target] == UNSEEN) {
                    before[target] = node;
                    queue[filled++] = target;
                }
            }
        }
        throw new IllegalStateException("no cycle through node " + root + " of a component of several");
    }

    private static int[] wayTo(int last, int root, int[] before) {
        int length = 1;
        for (int node = last; node != root; node = before[node]) {
            length++;
        }
        int[] way = new int[length];
        int node = last;
        for (int at = length - 1; at >= 0; at--) {
            way[at] = node;
            node = before[node];
        }
        return way;
    }

    private static int[] fromItsFirst(int[] cycle) {
        int first = 0;
        for (int at = 1; at < cycle.length; at++) {
            if (cycle[at] < cycle[first]) {
                first = at;
            }
        }
        int[] turned = new int[cycle.length];
        for (int at = 0; at < cycle.length; at++) {
            turned[at] = cycle[(first + at) % cycle.length];
        }
        return turned;
    }
}
