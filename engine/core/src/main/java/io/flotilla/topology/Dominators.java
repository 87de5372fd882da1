package io.flotilla.topology;

import java.util.Arrays;

/**
 * Immediate dominators by the algorithm of Lengauer and Tarjan (A Fast Algorithm for Finding Dominators in a Flowgraph,
 * 1979) in its simple form, O(edges * log nodes), with loops where the paper recurses.
 *
 * <p>The shorter iteration of Cooper, Harvey and Kennedy (2001) is quadratic for a chain of which every agent also leads to
 * end, which is a shape people write.
 *
 * <p>Inside, nodes are numbers in the order the depth-first search from start met them.
 */
final class Dominators {

    private static final int NONE = -1;

    private final Graph graph;
    private final int[] number;
    private final int[] node;
    private final int[] parent;
    private final int[] semi;
    private final int[] ancestor;
    private final int[] label;
    private final int[] dominator;
    private final int[] path;
    private int count;

    private Dominators(Graph graph) {
        this.graph = graph;
        this.number = new int[graph.nodes];
        this.node = new int[graph.nodes];
        this.parent = new int[graph.nodes];
        this.semi = new int[graph.nodes];
        this.ancestor = new int[graph.nodes];
        this.label = new int[graph.nodes];
        this.dominator = new int[graph.nodes];
        this.path = new int[graph.nodes];
    }

    /** By node its immediate dominator; -1 for start, and for what cannot be reached from it. */
    static int[] of(Graph graph) {
        Dominators dominators = new Dominators(graph);
        dominators.search();
        dominators.semidominators();
        return dominators.immediate();
    }

    private void search() {
        Arrays.fill(number, NONE);
        int[] nextEdge = graph.outBegin.clone();
        int depth = 0;
        visit(Graph.START, NONE);
        path[depth++] = Graph.START;
        while (depth > 0) {
            int from = path[depth - 1];
            if (nextEdge[from] == graph.outBegin[from + 1]) {
                depth--;
                continue;
            }
            int to = graph.out[nextEdge[from]++];
            if (number[to] == NONE) {
                visit(to, number[from]);
                path[depth++] = to;
            }
        }
    }

    private void visit(int visited, int from) {
        number[visited] = count;
        node[count] = visited;
        parent[count] = from;
        semi[count] = count;
        label[count] = count;
        ancestor[count] = NONE;
        count++;
    }

    private void semidominators() {
        int[] bucket = new int[count];
        int[] nextInBucket = new int[count];
        Arrays.fill(bucket, NONE);
        for (int at = count - 1; at > 0; at--) {
            int met = node[at];
            for (int edge = graph.inBegin[met]; edge < graph.inBegin[met + 1]; edge++) {
                int source = number[graph.in[edge]];
                if (source != NONE) {
                    semi[at] = Math.min(semi[at], semi[evaluate(source)]);
                }
            }
            nextInBucket[at] = bucket[semi[at]];
            bucket[semi[at]] = at;
            ancestor[at] = parent[at];
            for (int member = bucket[parent[at]]; member != NONE; member = nextInBucket[member]) {
                int least = evaluate(member);
                dominator[member] = semi[least] < semi[member] ? least : parent[at];
            }
            bucket[parent[at]] = NONE;
        }
    }

    /** The vertex with the least semidominator on the way up the forest, its root excluded; shortens the way. */
    private int evaluate(int vertex) {
        if (ancestor[vertex] == NONE) {
            return vertex;
        }
        int depth = 0;
        for (int above = vertex; ancestor[ancestor[above]] != NONE; above = ancestor[above]) {
            path[depth++] = above;
        }
        while (depth > 0) {
            int below = path[--depth];
            int above = ancestor[below];
            if (semi[label[above]] < semi[label[below]]) {
                label[below] = label[above];
            }
            ancestor[below] = ancestor[above];
        }
        return label[vertex];
    }

    private int[] immediate() {
        int[] immediate = new int[graph.nodes];
        Arrays.fill(immediate, NONE);
        for (int at = 1; at < count; at++) {
            if (dominator[at] != semi[at]) {
                dominator[at] = dominator[dominator[at]];
            }
            immediate[node[at]] = node[dominator[at]];
        }
        return immediate;
    }
}
