package io.flotilla.topology;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The edges, twice, in four arrays: the targets of node {@code v} are {@code out[outBegin[v]]} up to before
 * {@code out[outBegin[v + 1]]}, in the order given, each once; its sources likewise in {@code in}, in the order of nodes.
 * Nodes 0, 1 and 2 are start, end and user; from 3 on they are agents in declaration order. Immutable.
 */
final class Graph {

    static final int START = 0;
    static final int END = 1;
    static final int USER = 2;
    static final int FIRST_AGENT = 3;

    final int nodes;
    final int[] outBegin;
    final int[] out;
    final int[] inBegin;
    final int[] in;

    /** Edge {@code e} leads from {@code from[e]} to {@code to[e]}; one given twice is kept where it was given first. */
    Graph(int nodes, int[] from, int[] to) {
        this.nodes = nodes;
        int[] begin = begins(nodes, from, from.length);
        int[] targets = new int[to.length];
        int[] next = begin.clone();
        for (int edge = 0; edge < from.length; edge++) {
            targets[next[from[edge]]++] = to[edge];
        }
        this.outBegin = new int[nodes + 1];
        int kept = 0;
        int[] seenBy = new int[nodes];
        Arrays.fill(seenBy, -1);
        for (int node = 0; node < nodes; node++) {
            outBegin[node] = kept;
            for (int at = begin[node]; at < begin[node + 1]; at++) {
                if (seenBy[targets[at]] != node) {
                    seenBy[targets[at]] = node;
                    targets[kept++] = targets[at];
                }
            }
        }
        outBegin[nodes] = kept;
        this.out = kept == targets.length ? targets : Arrays.copyOf(targets, kept);
        this.inBegin = begins(nodes, out, kept);
        this.in = new int[kept];
        int[] nextIn = inBegin.clone();
        for (int node = 0; node < nodes; node++) {
            for (int at = outBegin[node]; at < outBegin[node + 1]; at++) {
                in[nextIn[out[at]]++] = node;
            }
        }
    }

    private static int[] begins(int nodes, int[] ends, int edges) {
        int[] begins = new int[nodes + 1];
        for (int edge = 0; edge < edges; edge++) {
            begins[ends[edge] + 1]++;
        }
        for (int node = 0; node < nodes; node++) {
            begins[node + 1] += begins[node];
        }
        return begins;
    }

    static boolean isAgent(int node) {
        return node >= FIRST_AGENT;
    }

    int outDegree(int node) {
        return outBegin[node + 1] - outBegin[node];
    }

    int inDegree(int node) {
        return inBegin[node + 1] - inBegin[node];
    }

    /** Looks through the shorter of the two lists the edge would be in. */
    boolean hasEdge(int source, int target) {
        return outDegree(source) <= inDegree(target)
                ? contains(out, outBegin[source], outBegin[source + 1], target)
                : contains(in, inBegin[target], inBegin[target + 1], source);
    }

    private static boolean contains(int[] list, int begin, int end, int wanted) {
        for (int at = begin; at < end; at++) {
            if (list[at] == wanted) {
                return true;
            }
        }
        return false;
    }

    /** The edges between two different agents that have no edge back. */
    Graph oneWay() {
        IntList from = new IntList();
        IntList to = new IntList();
        int[] sourceOf = new int[nodes];
        for (int node = FIRST_AGENT; node < nodes; node++) {
            markSources(sourceOf, node);
            for (int at = outBegin[node]; at < outBegin[node + 1]; at++) {
                if (isAgent(out[at]) && sourceOf[out[at]] != node) {
                    from.add(node);
                    to.add(out[at]);
                }
            }
        }
        return new Graph(nodes, from.toArray(), to.toArray());
    }

    private void markSources(int[] sourceOf, int node) {
        for (int at = inBegin[node]; at < inBegin[node + 1]; at++) {
            sourceOf[in[at]] = node;
        }
    }

    /** The agents with at least two edges in, not from start, that have no edge back. */
    BitSet rendezvous() {
        BitSet found = new BitSet(nodes);
        Graph oneWay = oneWay();
        for (int node = FIRST_AGENT; node < nodes; node++) {
            found.set(node, oneWay.inDegree(node) >= 2);
        }
        return found;
    }

    /** What can be reached from a node, itself included, along the edges or, backwards, against them. */
    BitSet reach(int root, boolean backwards) {
        int[] begin = backwards ? inBegin : outBegin;
        int[] list = backwards ? in : out;
        BitSet reached = new BitSet(nodes);
        int[] queue = new int[nodes];
        int filled = 0;
        queue[filled++] = root;
        reached.set(root);
        for (int taken = 0; taken < filled; taken++) {
            int node = queue[taken];
            for (int at = begin[node]; at < begin[node + 1]; at++) {
                if (!reached.get(list[at])) {
                    reached.set(list[at]);
                    queue[filled++] = list[at];
                }
            }
        }
        return reached;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Graph that && Arrays.equals(outBegin, that.outBegin) && Arrays.equals(out, that.out);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(outBegin) + Arrays.hashCode(out);
    }
}
