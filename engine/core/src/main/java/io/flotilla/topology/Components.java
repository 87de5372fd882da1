package io.flotilla.topology;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * The strongly connected components of the agents: Tarjan's algorithm (Depth-First Search and Linear Graph Algorithms,
 * 1972) with a stack of its own. Numbered in the order of their first-declared agents. Immutable.
 */
final class Components {

    private final Graph graph;
    final int[] of;
    private final int[] begin;
    private final int[] members;

    Components(Graph graph) {
        this.graph = graph;
        this.of = new Search(graph).component;
        int count = renumber();
        this.begin = new int[count + 1];
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            begin[of[node] + 1]++;
        }
        for (int component = 0; component < count; component++) {
            begin[component + 1] += begin[component];
        }
        this.members = new int[begin[count]];
        int[] next = begin.clone();
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            members[next[of[node]]++] = node;
        }
    }

    private int renumber() {
        int[] numbers = new int[graph.nodes];
        Arrays.fill(numbers, -1);
        int count = 0;
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            if (numbers[of[node]] < 0) {
                numbers[of[node]] = count++;
            }
            of[node] = numbers[of[node]];
        }
        return count;
    }

    int count() {
        return begin.length - 1;
    }

    int size(int component) {
        return begin[component + 1] - begin[component];
    }

    /** In declaration order. */
    int[] members(int component) {
        return Arrays.copyOfRange(members, begin[component], begin[component + 1]);
    }

    /** More than one agent, or one with an edge to itself. */
    boolean isCycle(int component) {
        int first = members[begin[component]];
        return size(component) > 1 || graph.hasEdge(first, first);
    }

    /** Kahn's algorithm over the components; of those that may come next, the one with the smallest number. */
    int[] topologicalOrder() {
        int[] waitsFor = new int[count()];
        forEachEdge((from, to) -> waitsFor[to]++);
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        for (int component = 0; component < count(); component++) {
            if (waitsFor[component] == 0) {
                ready.add(component);
            }
        }
        int[] order = new int[members.length];
        int filled = 0;
        for (Integer component = ready.poll(); component != null; component = ready.poll()) {
            System.arraycopy(members, begin[component], order, filled, size(component));
            filled += size(component);
            for (int at = begin[component]; at < begin[component + 1]; at++) {
                forEachEdgeOf(members[at], (from, to) -> {
                    if (--waitsFor[to] == 0) {
                        ready.add(to);
                    }
                });
            }
        }
        return order;
    }

    private interface Edge {
        void between(int component, int other);
    }

    private void forEachEdge(Edge edge) {
        for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
            forEachEdgeOf(node, edge);
        }
    }

    private void forEachEdgeOf(int node, Edge edge) {
        for (int at = graph.outBegin[node]; at < graph.outBegin[node + 1]; at++) {
            int target = graph.out[at];
            if (Graph.isAgent(target) && of[target] != of[node]) {
                edge.between(of[node], of[target]);
            }
        }
    }

    /** One depth-first search over all agents. */
    private static final class Search {

        private final Graph graph;
        private final int[] component;
        private final int[] seen;
        private final int[] low;
        private final int[] nextEdge;
        private final int[] path;
        private final int[] open;
        private int pathSize;
        private int openSize;
        private int clock;
        private int found;

        Search(Graph graph) {
            this.graph = graph;
            this.component = new int[graph.nodes];
            this.seen = new int[graph.nodes];
            this.low = new int[graph.nodes];
            this.nextEdge = graph.outBegin.clone();
            this.path = new int[graph.nodes];
            this.open = new int[graph.nodes];
            Arrays.fill(component, -1);
            for (int node = Graph.FIRST_AGENT; node < graph.nodes; node++) {
                if (seen[node] == 0) {
                    from(node);
                }
            }
        }

        private void from(int root) {
            enter(root);
            while (pathSize > 0) {
                int node = path[pathSize - 1];
                if (nextEdge[node] == graph.outBegin[node + 1]) {
                    leave(node);
                } else {
                    follow(node, graph.out[nextEdge[node]++]);
                }
            }
        }

        private void enter(int node) {
            seen[node] = ++clock;
            low[node] = clock;
            path[pathSize++] = node;
            open[openSize++] = node;
        }

        private void follow(int node, int target) {
            if (!Graph.isAgent(target)) {
                return;
            }
            if (seen[target] == 0) {
                enter(target);
            } else if (component[target] < 0) {
                low[node] = Math.min(low[node], seen[target]);
            }
        }

        private void leave(int node) {
            pathSize--;
            if (pathSize > 0) {
                int parent = path[pathSize - 1];
                low[parent] = Math.min(low[parent], low[node]);
            }
            if (low[node] == seen[node]) {
                int member;
                do {
                    member = open[--openSize];
                    component[member] = found;
                } while (member != node);
                found++;
            }
        }
    }
}
