package io.flotilla.run.machine;

import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What of a {@link Plan} a run's decisions rest on, as it stands in a journal: agents, edges, rendezvous, joins and limits in
 * words of the format. Says in words how one plan differs from another. Immutable.
 *
 * @param agents in the order of the topology
 * @param edges where each agent and the start lead, in the order of the topology
 * @param rendezvous which of the agents are
 * @param joins the join of every agent that has another than {@code all}, and of the {@code end}
 * @param limits what is limited, in words
 */
record PlanOutline(
        List<String> agents,
        Map<String, List<String>> edges,
        List<String> rendezvous,
        Map<String, String> joins,
        Map<String, String> limits) {

    /** More agents and edges than this, and a journal has the hash only. */
    static final int MAX = 1_000;

    /** The most differences that are listed. */
    private static final int MAX_TOLD = 20;

    private static final String BY_DEFAULT = "all";

    static PlanOutline of(Plan plan) {
        Routes routes = plan.routes();
        List<String> agents = new ArrayList<>();
        List<String> rendezvous = new ArrayList<>();
        Map<String, List<String>> edges = new LinkedHashMap<>();
        Map<String, String> joins = new LinkedHashMap<>();
        List<String> entries = new ArrayList<>();
        for (int entry : routes.entries()) {
            entries.add(routes.name(entry));
        }
        edges.put(Topology.START, entries);
        for (int node = 0; node < routes.agents(); node++) {
            String name = routes.name(node);
            agents.add(name);
            edges.put(name, routes.successorNames(node));
            if (routes.isRendezvous(node)) {
                rendezvous.add(name);
            }
            put(joins, name, plan.joinAt(node));
        }
        put(joins, Topology.END, plan.end());
        return new PlanOutline(agents, edges, rendezvous, joins, limits(plan));
    }

    private static void put(Map<String, String> joins, String name, Join join) {
        String text = outline(join);
        if (!text.equals(BY_DEFAULT)) {
            joins.put(name, text);
        }
    }

    /** In the words of the journal's format, without what is default: {@code ratio:0.8 within:PT20S shortfall:proceed}. */
    private static String outline(Join join) {
        String required = switch (join.requirement()) {
            case ALL -> BY_DEFAULT;
            case AT_LEAST -> "atLeast:" + join.requiredCount();
            case RATIO -> "ratio:" + join.requiredRatio();
            case FIRST_SUCCESS -> "firstSuccess";
            case ALL_SETTLED -> "allSettled";
            case WHEN -> "when";
        };
        String then = switch (join.shortfall()) {
            case FAIL -> "";
            case PROCEED -> " shortfall:proceed";
            case ASK -> " shortfall:ask";
        };
        return required
                + (join.within() == null ? "" : " within:" + join.within())
                + then
                + (join.keepsStragglers() ? " stragglers:keep" : "");
    }

    /** In the words of the journal's format; what is not limited is left out. */
    static Map<String, String> outline(Limits limits) {
        Map<String, String> outline = new LinkedHashMap<>();
        put(outline, "steps", limits.maxSteps());
        put(outline, "time", limits.maxTime());
        put(outline, "tokens", limits.maxTokens());
        put(outline, "cost", limits.maxCost());
        put(outline, "branches", limits.maxBranches());
        put(outline, "depth", limits.maxDepth());
        put(outline, "questions", limits.maxQuestions());
        put(outline, "delegationCycles", limits.maxDelegationCycles());
        return outline;
    }

    private static void put(Map<String, String> outline, String name, @Nullable Object value) {
        if (value != null) {
            outline.put(name, value.toString());
        }
    }

    private static Map<String, String> limits(Plan plan) {
        Map<String, String> limits = outline(plan.limits());
        limits.put("corrections", Integer.toString(plan.maxCorrections()));
        if (plan.maxPendingSignals() != Plan.DEFAULT_MAX_PENDING_SIGNALS) {
            limits.put("signals", Integer.toString(plan.maxPendingSignals()));
        }
        if (plan.maxStateKeys() != Plan.DEFAULT_MAX_STATE_KEYS) {
            limits.put("stateKeys", Integer.toString(plan.maxStateKeys()));
        }
        return limits;
    }

    boolean isLarge() {
        int size = agents.size();
        for (List<String> targets : edges.values()) {
            size += targets.size();
        }
        return size > MAX;
    }

    /** Over everything in it, in its order. */
    long hash() {
        long hash = Digest.EMPTY;
        hash = add(hash, agents);
        for (Map.Entry<String, List<String>> edge : edges.entrySet()) {
            hash = add(Digest.add(hash, Digest.of(edge.getKey())), edge.getValue());
        }
        hash = add(hash, rendezvous);
        hash = add(hash, joins);
        return add(hash, limits);
    }

    private static long add(long hash, List<String> names) {
        long added = Digest.add(hash, names.size());
        for (String name : names) {
            added = Digest.add(added, Digest.of(name));
        }
        return added;
    }

    private static long add(long hash, Map<String, String> words) {
        long added = Digest.add(hash, words.size());
        for (Map.Entry<String, String> word : words.entrySet()) {
            added = Digest.add(Digest.add(added, Digest.of(word.getKey())), Digest.of(word.getValue()));
        }
        return added;
    }

    // --- differences

    /** What is otherwise in {@code now}, in words; empty if nothing is. */
    List<String> differences(PlanOutline now) {
        List<String> differences = new ArrayList<>();
        compare(agents, now.agents, "agent ", differences);
        if (differences.isEmpty() && !agents.equals(now.agents)) {
            differences.add("the agents are in another order");
        }
        for (String name : union(edges.keySet(), now.edges.keySet())) {
            compareEdges(name, edges.get(name), now.edges.get(name), differences);
        }
        compare(rendezvous, now.rendezvous, "rendezvous ", differences);
        compare("the join at ", joins, now.joins, BY_DEFAULT, differences);
        compare("the limit ", limits, now.limits, "none", differences);
        return differences.size() <= MAX_TOLD ? differences : differences.subList(0, MAX_TOLD);
    }

    private static void compareEdges(
            String name, @Nullable List<String> then, @Nullable List<String> now, List<String> differences) {
        int before = differences.size();
        compare(orNone(then), orNone(now), "edge " + name + " -> ", differences);
        if (differences.size() == before && then != null && now != null && !then.equals(now)) {
            differences.add("the edges of " + name + " are in another order");
        }
    }

    private static List<String> orNone(@Nullable List<String> names) {
        return names == null ? List.of() : names;
    }

    private static void compare(List<String> then, List<String> now, String what, List<String> differences) {
        for (String name : union(then, now)) {
            if (!now.contains(name)) {
                differences.add(what + name + " is gone");
            } else if (!then.contains(name)) {
                differences.add(what + name + " is new");
            }
        }
    }

    private static void compare(
            String what,
            Map<String, String> then,
            Map<String, String> now,
            String byDefault,
            List<String> differences) {
        for (String name : union(then.keySet(), now.keySet())) {
            String was = Objects.requireNonNullElse(then.get(name), byDefault);
            String is = Objects.requireNonNullElse(now.get(name), byDefault);
            if (!was.equals(is)) {
                differences.add(what + name + " was " + was + ", is " + is);
            }
        }
    }

    private static Set<String> union(Iterable<String> some, Iterable<String> others) {
        Set<String> union = new LinkedHashSet<>();
        some.forEach(union::add);
        others.forEach(union::add);
        return union;
    }
}
