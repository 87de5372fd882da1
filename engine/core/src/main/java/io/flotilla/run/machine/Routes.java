package io.flotilla.run.machine;

import io.flotilla.topology.Topology;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;

/**
 * A topology as a run asks for it: agents are numbers from 0, and what a step needs is looked up, not searched for. Shared
 * by all runs of a workflow; thread-safe.
 */
final class Routes {

    /** No node: the start of the run, or none known by that name. */
    static final int NONE = -1;

    private static final int MAX_REACHING = 1_000;

    private final String[] names;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<String, Long> digests = new HashMap<>();
    private final List<List<String>> successorNames = new ArrayList<>();
    private final int[][] successors;
    private final int[][] predecessors;
    private final boolean[] rendezvous;
    private final int[] order;
    private final int[] entries;
    private final Dominance dominance;
    private final Map<Long, BitSet> reaching = new ConcurrentHashMap<>();

    Routes(Topology topology) {
        List<String> agents = topology.agents();
        int count = agents.size();
        names = new String[count + 2];
        for (int node = 0; node < count; node++) {
            add(node, agents.get(node));
        }
        add(count, Topology.END);
        add(count + 1, Topology.USER);
        successors = new int[count][];
        predecessors = new int[count][];
        rendezvous = new boolean[count];
        int[] dominators = new int[count];
        for (int node = 0; node < count; node++) {
            successorNames.add(List.copyOf(topology.successors(names[node])));
            successors[node] = sorted(successorNames.get(node));
            predecessors[node] = sorted(topology.predecessors(names[node]));
            rendezvous[node] = topology.isRendezvous(names[node]);
            String dominator = topology.immediateDominator(names[node]);
            dominators[node] = dominator == null ? NONE : number(dominator);
        }
        successorNames.add(List.of());
        dominance = new Dominance(dominators);
        order = new int[count];
        int at = 0;
        for (String agent : topology.inTopologicalOrder()) {
            order[number(agent)] = at++;
        }
        entries = numbers(topology.successors(Topology.START));
    }

    private void add(int node, String name) {
        names[node] = name;
        numbers.put(name, node);
        digests.put(name, Digest.of(name));
    }

    private int[] numbers(List<String> nodes) {
        return nodes.stream()
                .mapToInt(this::number)
                .filter(node -> node != NONE)
                .toArray();
    }

    private int[] sorted(List<String> nodes) {
        int[] numbered = numbers(nodes);
        Arrays.sort(numbered);
        return numbered;
    }

    /** The agents a run starts at, in the topology's order. */
    int[] entries() {
        return entries.clone();
    }

    int agents() {
        return successors.length;
    }

    boolean isEnd(int node) {
        return node == successors.length;
    }

    boolean isAgent(int node) {
        return node >= 0 && node < successors.length;
    }

    int user() {
        return successors.length + 1;
    }

    String name(int node) {
        return names[node];
    }

    /** {@link #NONE} for an unknown name; reserved names are known in any case. */
    int number(String name) {
        Integer node = numbers.get(name);
        if (node == null) {
            node = numbers.get(name.toLowerCase(Locale.ROOT));
            return node == null || isAgent(node) ? NONE : node;
        }
        return node;
    }

    /** The digest of a name; those of nodes are known. */
    long digest(String name) {
        Long known = digests.get(name);
        return known == null ? Digest.of(name) : known;
    }

    boolean hasEdge(int from, int to) {
        return Arrays.binarySearch(successors[from], to) >= 0;
    }

    /** Where an agent's edges lead, in the topology's order; nowhere from the end. */
    List<String> successorNames(int node) {
        return successorNames.get(node);
    }

    boolean isRendezvous(int node) {
        return isAgent(node) && rendezvous[node];
    }

    /** The place of an agent in topological order of the graph with its cycles condensed. */
    int order(int node) {
        return order[node];
    }

    /** Whether every path from the start to {@code node} goes through {@code above}, which is another node. */
    boolean dominates(int above, int node) {
        return above != node && dominance.isAbove(above, node);
    }

    /**
     * From where {@code target} can be reached on a path that does not go through {@code closed}, though it may start
     * there. {@code target} is in it only if it is on such a cycle.
     */
    BitSet reaching(int target, int closed) {
        if (reaching.size() >= MAX_REACHING) {
            reaching.clear(); // made anew for whoever asks again
        }
        return reaching.computeIfAbsent(((long) target << 32) | (closed & 0xffffffffL), any -> reach(target, closed));
    }

    private BitSet reach(int target, int closed) {
        BitSet found = new BitSet(successors.length);
        Deque<Integer> open = new ArrayDeque<>();
        open.add(target);
        while (!open.isEmpty()) {
            for (int before : predecessors[open.remove()]) {
                if (isAgent(before) && !found.get(before)) {
                    found.set(before);
                    if (before != closed) {
                        open.add(before);
                    }
                }
            }
        }
        return found;
    }

    /**
     * Whether a branch at {@code node} may go to a rendezvous, to {@code end} or to one of {@code outside} without passing
     * {@code closed}.
     */
    boolean mayMoveOn(int node, int closed, IntPredicate outside) {
        if (isEnd(node) || isRendezvous(node)) {
            return true;
        }
        BitSet seen = new BitSet(successors.length);
        Deque<Integer> open = new ArrayDeque<>();
        open.add(node);
        while (!open.isEmpty()) {
            for (int next : successors[open.remove()]) {
                if (isEnd(next) || (next != closed && (isRendezvous(next) || outside.test(next)))) {
                    return true;
                }
                if (isAgent(next) && next != closed && !seen.get(next)) {
                    seen.set(next);
                    open.add(next);
                }
            }
        }
        return false;
    }

    /** The tree of immediate dominators, numbered so that a node is below another if its number is in the other's range. */
    private static final class Dominance {

        private final int[] first;
        private final int[] last;

        Dominance(int[] dominators) {
            int count = dominators.length;
            first = new int[count];
            last = new int[count];
            int[][] below = below(dominators);
            Deque<Integer> path = new ArrayDeque<>();
            int[] next = new int[count];
            int clock = 0;
            for (int root = 0; root < count; root++) {
                if (dominators[root] != NONE) {
                    continue;
                }
                path.push(root);
                first[root] = clock++;
                while (!path.isEmpty()) {
                    int node = path.peek();
                    if (next[node] < below[node].length) {
                        int child = below[node][next[node]++];
                        first[child] = clock++;
                        path.push(child);
                    } else {
                        last[path.pop()] = clock;
                    }
                }
            }
        }

        private static int[][] below(int[] dominators) {
            int count = dominators.length;
            int[] sizes = new int[count];
            for (int dominator : dominators) {
                if (dominator != NONE) {
                    sizes[dominator]++;
                }
            }
            int[][] below = new int[count][];
            Arrays.setAll(below, node -> new int[sizes[node]]);
            for (int node = 0; node < count; node++) {
                if (dominators[node] != NONE) {
                    below[dominators[node]][--sizes[dominators[node]]] = node;
                }
            }
            return below;
        }

        boolean isAbove(int above, int node) {
            return first[above] <= first[node] && first[node] < last[above];
        }
    }
}
