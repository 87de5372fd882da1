package io.flotilla.topology;

import io.flotilla.internal.JsonFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which agent may hand work to which: a directed graph of agents between {@code start} and {@code end}.
 *
 * <pre>{@code
 * Topology topology = Topology.parse("""
 *         start -> Orchestrator
 *         Orchestrator <-> AgentA, AgentB
 *         Orchestrator -> AgentC -> AgentD -> Orchestrator
 *         Orchestrator -> end
 *         """);
 * }</pre>
 *
 * <p>The notation has one statement a line; blank lines and lines that begin with {@code //} or {@code #} are skipped:
 *
 * <ul>
 *   <li>{@code A -> B, C -> D}: edges from A to B and C, and from both to D.
 *   <li>{@code A <-> B, C}: edges in both directions.
 *   <li>{@code A} or {@code A, B}: declares agents, which need edges elsewhere; only their order matters.
 *   <li>{@code rendezvous X, Y} and {@code pass_through X}: whether branches meet at X, regardless of its edges.
 *   <li>{@code timeout(180)} (seconds), {@code max_steps(30)}, {@code max_branches(100)}, {@code max_depth(5)}: {@link
 *       Rules}, each once.
 * </ul>
 *
 * <p>{@code start}, {@code end} and {@code user} are reserved, in any case, here and in every method that takes a name.
 * An edge to {@code user} lets an agent ask a person. The answer needs no edge: the edge from user in {@code A <-> user}
 * is accepted, but not kept. A duplicate edge counts once, an edge from an agent to itself is legal, and start may have
 * several successors.
 *
 * <p>An agent's name must be accepted by {@link io.flotilla.AgentId#of(String)}, have no {@code ->}, no comma and no
 * white space around it, and not read as a statement, a comment or a semicolon at the end of a line. {@code Reader} and
 * {@code reader} are two agents, with a {@link Warning}.
 *
 * <p>A node is a rendezvous, where branches meet, if at least two edges without an opposite edge lead to it. Edges from
 * start and from the node itself do not count.
 *
 * <p>A topology is checked once, when it is built, in time linear in its edges, up to a logarithm; see {@link
 * TopologyError.Kind} and {@link Warning.Kind}. Immutable. Returned lists are immutable views.
 *
 * @since 0.1
 */
public final class Topology {

    /** Where a run begins. */
    public static final String START = "start";

    /** Where a run ends. */
    public static final String END = "end";

    /** The person an agent may ask. */
    public static final String USER = "user";

    /** The most edges, as given: {@value}. */
    public static final int MAX_EDGES = 10_000_000;

    private final String[] names;
    private final List<String> agents;
    private final Map<String, Integer> nodes;
    private final Graph graph;
    private final BitSet rendezvous;
    private final Rules rules;
    private final int[] dominators;
    private final int[] order;
    private final List<Warning> warnings;

    Topology(String[] names, Map<String, Integer> nodes, Graph graph, BitSet rendezvous, Rules rules) {
        this.names = names;
        this.agents = Collections.unmodifiableList(Arrays.asList(names).subList(Graph.FIRST_AGENT, names.length));
        this.nodes = nodes;
        this.graph = graph;
        this.rendezvous = rendezvous;
        this.rules = rules;
        this.dominators = Dominators.of(graph);
        Components components = new Components(graph);
        this.order = components.topologicalOrder();
        this.warnings = new Review(names, graph, components, dominators).warnings();
    }

    // --- making one

    /**
     * Parses the notation.
     *
     * @param notation lines
     * @return the topology
     * @throws NullPointerException if {@code notation} is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology parse(String notation) {
        Objects.requireNonNull(notation, "notation");
        Draft draft = new Draft();
        Notation reader = new Notation(draft);
        reader.lines(notation.startsWith("\uFEFF") ? notation.substring(1) : notation);
        if (reader.statements() == 0) {
            throw draft.empty("there is no statement");
        }
        return draft.build();
    }

    /**
     * Builds a topology from lists. The list of agents declares them, in order; a name in {@code flows} that is neither
     * in it nor reserved is an error.
     *
     * @param agents names
     * @param flows lines of the notation
     * @param rules {@code timeout(180)} in seconds, {@code max_steps(30)}, {@code max_branches(100)}, {@code max_depth(5)},
     *     {@code rendezvous(X)}, {@code pass_through(X)}; each once
     * @return the topology
     * @throws NullPointerException if a list or an element is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology of(List<String> agents, List<String> flows, List<String> rules) {
        checkElements("agents", agents);
        checkElements("flows", flows);
        checkElements("rules", rules);
        Draft draft = new Draft();
        int number = 0;
        for (String agent : agents) {
            draft.at("agent", ++number);
            draft.declare(agent);
        }
        draft.onlyDeclared();
        Notation reader = new Notation(draft);
        number = 0;
        for (String flow : flows) {
            draft.at("flow", ++number);
            reader.line(flow);
        }
        number = 0;
        for (String rule : rules) {
            draft.at("rule", ++number);
            Statements.rule(rule, draft);
        }
        if (agents.isEmpty() && reader.statements() == 0) {
            throw draft.empty("there are no agents and no flows");
        }
        return draft.build();
    }

    private static void checkElements(String argument, List<String> list) {
        Objects.requireNonNull(list, argument);
        int number = 0;
        for (String element : list) {
            int at = number++;
            Objects.requireNonNull(element, () -> argument + '[' + at + ']');
        }
    }

    /**
     * Agents in a row: {@code start -> a -> b -> c -> end}.
     *
     * @param agents at least one
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology pipeline(String... agents) {
        return new Patterns().pipeline(agents);
    }

    /**
     * A hub that asks its spokes and ends the run: {@code start -> hub}, {@code hub <-> spoke} for each, {@code hub ->
     * end}.
     *
     * @param hub the agent in the middle
     * @param spokes the other agents, in order
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology hub(String hub, String... spokes) {
        return new Patterns().hub(hub, spokes);
    }

    /**
     * A centre through which the leaves reach each other: {@code start -> centre}, {@code centre <-> leaf} and {@code
     * leaf -> end} for each, {@code centre -> end}. In a {@link #hub} all work returns to the hub, and only the hub ends
     * the run; in a star the centre passes work on, and every agent may end the run.
     *
     * @param centre the agent in the middle
     * @param leaves the other agents, in order
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology star(String centre, String... leaves) {
        return new Patterns().star(centre, leaves);
    }

    /**
     * Managers and their reports: {@code start -> root}, {@code manager <-> report} for each, {@code root -> end}. Agents
     * are declared level by level. An agent with two managers is in both lists.
     *
     * @param root the manager of all
     * @param reports the names of the reports by manager; an agent without reports needs no entry
     * @return the topology
     * @throws NullPointerException if a name or a list is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology hierarchy(String root, Map<String, ? extends List<String>> reports) {
        return new Patterns().hierarchy(root, reports);
    }

    /**
     * Edges between all agents: {@code start -> } the first, {@code a <-> b} for each pair, {@code a -> end} for each.
     *
     * @param agents at least one
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology mesh(String... agents) {
        return new Patterns().mesh(agents);
    }

    /**
     * A ring of agents, each of which may end the run: {@code start -> } the first, {@code a -> b -> c -> a}, and {@code
     * a -> end} for each. With three agents or more it has the warning {@link Warning.Kind#CIRCULAR_DELEGATION}.
     *
     * @param agents at least one
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology ring(String... agents) {
        return new Patterns().ring(agents);
    }

    /**
     * A sender that hands work to receivers, which do not return it: {@code start -> sender}, {@code sender -> receiver}
     * and {@code receiver -> end} for each. Without receivers {@code sender -> end}.
     *
     * @param sender the sending agent
     * @param receivers the other agents, in order
     * @return the topology
     * @throws NullPointerException if a name is null
     * @throws InvalidTopologyException if the topology is invalid, with all errors
     */
    public static Topology broadcast(String sender, String... receivers) {
        return new Patterns().broadcast(sender, receivers);
    }

    // --- asking it

    /**
     * Every agent.
     *
     * @return names in declaration order, the order of their first mention; without start, end and user
     */
    public List<String> agents() {
        return agents;
    }

    /**
     * The agents to which an agent may hand work.
     *
     * @param name an agent, or a reserved name
     * @return names in the order the edges were given; {@code end} and {@code user} may be among them
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if there is no such agent
     */
    public List<String> successors(String name) {
        int node = node(name, "name");
        return new NameList(names, graph.out, graph.outBegin[node], graph.outBegin[node + 1]);
    }

    /**
     * The agents that may hand work to an agent.
     *
     * @param name an agent, or a reserved name
     * @return names in declaration order, {@code start} first if it is among them
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if there is no such agent
     */
    public List<String> predecessors(String name) {
        int node = node(name, "name");
        return new NameList(names, graph.in, graph.inBegin[node], graph.inBegin[node + 1]);
    }

    /**
     * Whether one agent may hand work to another.
     *
     * @param from an agent, or a reserved name
     * @param to an agent, or a reserved name
     * @return whether there is an edge
     * @throws NullPointerException if a name is null
     * @throws IllegalArgumentException if there is no such agent
     */
    public boolean hasEdge(String from, String to) {
        return graph.hasEdge(node(from, "from"), node(to, "to"));
    }

    /**
     * Whether branches meet at an agent: by its edges, or by a line {@code rendezvous} or {@code pass_through}.
     *
     * @param agent an agent; for a reserved name the result is false
     * @return whether it is a rendezvous
     * @throws NullPointerException if {@code agent} is null
     * @throws IllegalArgumentException if there is no such agent
     */
    public boolean isRendezvous(String agent) {
        return rendezvous.get(node(agent, "agent"));
    }

    /**
     * The immediate dominator: the nearest other agent on every path from start to the given one. Found by the algorithm
     * of Lengauer and Tarjan (A Fast Algorithm for Finding Dominators in a Flowgraph, 1979) when the topology is built.
     *
     * @param name an agent, or a reserved name
     * @return an agent; null if only start is on every path, or if there is no path
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if there is no such agent
     */
    public @Nullable String immediateDominator(String name) {
        int dominator = dominators[node(name, "name")];
        return Graph.isAgent(dominator) ? names[dominator] : null;
    }

    /**
     * All agents in topological order, as far as cycles allow. Agents that can reach each other form a group. The groups
     * are ordered so that edges between groups lead forward; if several groups could be next, the one with the agent
     * declared first is. The agents of a group are in declaration order.
     *
     * @return all agents, each once
     */
    public List<String> inTopologicalOrder() {
        return new NameList(names, order, 0, order.length);
    }

    /**
     * The rules of the topology.
     *
     * @return the rules; {@link Rules#NONE} if there are none
     */
    public Rules rules() {
        return rules;
    }

    /**
     * Parts that are legal but may be unintended.
     *
     * @return warnings, sorted by kind, then by their first agent
     */
    public List<Warning> warnings() {
        return warnings;
    }

    private int node(String name, String argument) {
        String reserved = Names.reserved(Objects.requireNonNull(name, argument));
        Integer node = nodes.get(reserved == null ? name : reserved);
        if (node == null) {
            throw new IllegalArgumentException(
                    "there is no agent " + Names.quoted(name) + Names.didYouMean(name, agents));
        }
        return node;
    }

    /**
     * A picture for <a href="https://mermaid.js.org">Mermaid</a>: start, end and user are rounded, a rendezvous is a
     * hexagon, two opposite edges are one arrow with two heads.
     *
     * @return a flowchart with lines ended by {@code \n}; equal topologies give equal text
     */
    public String toMermaid() {
        return Mermaid.draw(names, graph, rendezvous);
    }

    /**
     * The topology as JSON has it: {@code nodes}, each with a {@code name} and a {@code kind} ({@code start}, {@code agent}, {@code
     * rendezvous}, {@code end}, {@code user}), and {@code edges}, each a list of two names. {@code end} and {@code user} are left out if
     * no edge leads to them.
     *
     * @return texts, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        List<Object> nodes = new ArrayList<>();
        List<Object> edges = new ArrayList<>();
        addNode(START, "start", nodes);
        for (String agent : agents) {
            addNode(agent, isRendezvous(agent) ? "rendezvous" : "agent", nodes);
        }
        for (String node : List.of(END, USER)) {
            if (!predecessors(node).isEmpty()) {
                addNode(node, node, nodes);
            }
        }
        addEdges(START, edges);
        agents.forEach(agent -> addEdges(agent, edges));
        return new JsonFields().list("nodes", nodes).list("edges", edges).toMap();
    }

    private static void addNode(String name, String kind, List<Object> nodes) {
        nodes.add(new JsonFields().text("name", name).text("kind", kind).toMap());
    }

    private void addEdges(String from, List<Object> edges) {
        successors(from).forEach(to -> edges.add(List.of(from, to)));
    }

    /** The notation; {@link #parse} makes an equal topology of it. */
    @Override
    public String toString() {
        return Writer.write(names, graph, rendezvous, rules);
    }

    /** The same agents in the same order, each with the same successors in the same order, rendezvous and rules. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Topology that
                && agents.equals(that.agents)
                && graph.equals(that.graph)
                && rendezvous.equals(that.rendezvous)
                && rules.equals(that.rules);
    }

    @Override
    public int hashCode() {
        return Objects.hash(agents, graph, rendezvous, rules);
    }
}
