package io.flotilla.topology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Finds what is worth a {@link Warning}; each rule is described there. Not thread-safe. */
final class Review {

    private static final int MAX_CYCLES = 10;
    private static final int PRINTED = 20;
    private static final int GOD_AGENTS_FROM = 4;
    private static final int GOD_NEIGHBOURS_FROM = 8;
    private static final int GOD_TIMES_MEDIAN = 4;

    private final String[] names;
    private final Graph graph;
    private final Components components;
    private final int[] dominators;
    private final List<Warning> warnings = new ArrayList<>();

    Review(String[] names, Graph graph, Components components, int[] dominators) {
        this.names = names;
        this.graph = graph;
        this.components = components;
        this.dominators = dominators;
    }

    List<Warning> warnings() {
        lookalikes();
        cyclesWithoutExit();
        godAgents();
        circularDelegation();
        return List.copyOf(warnings);
    }

    private void warn(Warning.Kind kind, int[] agents, String message) {
        List<String> about = Arrays.stream(agents).mapToObj(node -> names[node]).toList();
        warnings.add(new Warning(kind, about, message));
    }

    /** The first 20 names. */
    private String listed(int[] agents, String separator) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < Math.min(agents.length, PRINTED); at++) {
            text.append(at == 0 ? "" : separator).append(names[agents[at]]);
        }
        if (agents.length > PRINTED) {
            text.append(separator).append("(").append(agents.length - PRINTED).append(" more)");
        }
        return text.toString();
    }

    private void lookalikes() {
        Map<String, IntList> alike = new LinkedHashMap<>();
        for (int node = Graph.FIRST_AGENT; node < names.length; node++) {
            alike.computeIfAbsent(names[node].toLowerCase(Locale.ROOT), any -> new IntList())
                    .add(node);
        }
        for (IntList group : alike.values()) {
            if (group.size() > 1) {
                int[] agents = group.toArray();
                warn(
                        Warning.Kind.CONFUSABLE_NAMES,
                        agents,
                        "agents of their own, though the names differ in case only: " + listed(agents, ", "));
            }
        }
    }

    private void cyclesWithoutExit() {
        BitSet exits = graph.reach(Graph.END, true);
        for (int component = 0; component < components.count(); component++) {
            if (components.isCycle(component)) {
                int[] agents = components.members(component);
                if (!exits.get(agents[0])) {
                    warn(
                            Warning.Kind.NO_EXIT,
                            agents,
                            "a cycle from which no path leads to end, so only an answer stops it: "
                                    + listed(agents, ", "));
                }
            }
        }
    }

    private void godAgents() {
        int agents = names.length - Graph.FIRST_AGENT;
        int onAllPaths = agents < GOD_AGENTS_FROM ? -1 : onlyOneOnAllPaths();
        int[] neighbours = neighbours();
        int[] sorted = Arrays.copyOfRange(neighbours, Graph.FIRST_AGENT, names.length);
        Arrays.sort(sorted);
        int median = sorted[(agents - 1) / 2];
        for (int node = Graph.FIRST_AGENT; node < names.length; node++) {
            boolean large =
                    neighbours[node] >= GOD_NEIGHBOURS_FROM && neighbours[node] > (long) GOD_TIMES_MEDIAN * median;
            if (large || node == onAllPaths) {
                String why = (node == onAllPaths ? ", all paths to end go through it" : "")
                        + (large ? ", it has " + neighbours[node] + " neighbours, the median has " + median : "");
                warn(Warning.Kind.GOD_AGENT, new int[] {node}, "much depends on " + names[node] + why);
            }
        }
    }

    /** The agent on all paths from start to end if there is one and only one; else -1. */
    private int onlyOneOnAllPaths() {
        int entry = graph.outDegree(Graph.START) == 1 ? graph.out[graph.outBegin[Graph.START]] : -1;
        int exit = graph.inDegree(Graph.END) == 1 ? graph.in[graph.inBegin[Graph.END]] : -1;
        int only = -1;
        for (int node = dominators[Graph.END]; node >= Graph.FIRST_AGENT; node = dominators[node]) {
            if ((node == entry) != (node == exit)) {
                continue;
            }
            if (only >= 0) {
                return -1;
            }
            only = node;
        }
        return only;
    }

    /** By node, how many other agents it has an edge to or from. */
    private int[] neighbours() {
        int[] neighbours = new int[names.length];
        int[] seenBy = new int[names.length];
        for (int node = Graph.FIRST_AGENT; node < names.length; node++) {
            seenBy[node] = node;
            for (int at = graph.outBegin[node]; at < graph.outBegin[node + 1]; at++) {
                count(node, graph.out[at], seenBy, neighbours);
            }
            for (int at = graph.inBegin[node]; at < graph.inBegin[node + 1]; at++) {
                count(node, graph.in[at], seenBy, neighbours);
            }
        }
        return neighbours;
    }

    private static void count(int node, int other, int[] seenBy, int[] neighbours) {
        if (Graph.isAgent(other) && seenBy[other] != node) {
            seenBy[other] = node;
            neighbours[node]++;
        }
    }

    private void circularDelegation() {
        for (int[] cycle : Cycles.find(graph.oneWay(), MAX_CYCLES)) {
            warn(
                    Warning.Kind.CIRCULAR_DELEGATION,
                    cycle,
                    "work may go round by one-way edges: " + listed(cycle, " -> ") + " -> " + names[cycle[0]]);
        }
    }
}
