package io.flotilla.topology;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A topology while it is read: its names as numbers in the order of their first mention, its edges as given, its errors so
 * far. A name that is invalid is a node all the same, so that it is reported once and nothing behind it seems unreachable.
 * Not thread-safe.
 */
final class Draft {

    private static final int SUGGESTED = 20;

    private final List<String> names = new ArrayList<>(List.of(Topology.START, Topology.END, Topology.USER));
    private final Map<String, Integer> nodes = new HashMap<>();
    private final IntList places = new IntList();
    private final BitSet atFault = new BitSet();
    private final BitSet linked = new BitSet();
    private final IntList from = new IntList();
    private final IntList to = new IntList();
    private final IntList answered = new IntList();
    private final IntList answeredAt = new IntList();
    private final BitSet rendezvous = new BitSet();
    private final BitSet passThrough = new BitSet();
    private final List<TopologyError> errors = new ArrayList<>();
    private final List<Role> roles = new ArrayList<>();
    private Rules rules = Rules.NONE;
    private boolean onlyDeclared;
    private boolean tooLarge;
    private int suggested;
    private String list = "line";
    private @Nullable Integer where;

    private record Role(
            boolean rendezvous,
            String name,
            String list,
            @Nullable Integer where) {}

    Draft() {
        for (int node = 0; node < names.size(); node++) {
            nodes.put(names.get(node), node);
            places.add(0);
        }
    }

    /** What is read from here on stands there: {@code line} 3, {@code flow} 1. */
    void at(String newList, @Nullable Integer newWhere) {
        list = newList;
        where = newWhere;
    }

    void fault(TopologyError.Kind kind, String message) {
        errors.add(new TopologyError(kind, where == null ? message : list + ' ' + where + ": " + message, where));
    }

    /** An error of the whole graph; its position is where the node was first mentioned. */
    void fault(TopologyError.Kind kind, String message, int node) {
        at(onlyDeclared ? "agent" : list, places.get(node) == 0 ? null : Integer.valueOf(places.get(node)));
        fault(kind, message);
    }

    void faultOfAll(TopologyError.Kind kind, String message) {
        where = null;
        fault(kind, message);
    }

    /** For an empty topology; that it has no start either is not reported as well. */
    InvalidTopologyException empty(String message) {
        faultOfAll(TopologyError.Kind.EMPTY, message);
        roles.forEach(this::resolve);
        return new InvalidTopologyException(errors);
    }

    // --- names

    /** An agent of the list of agents, or of a pattern. */
    int declare(String name) {
        if (Names.reserved(name) != null) {
            fault(TopologyError.Kind.INVALID_NAME, Names.quoted(name) + " is reserved and can be no agent");
            return add(name, true);
        }
        if (nodes.containsKey(name)) {
            fault(TopologyError.Kind.DUPLICATE_NAME, "agent " + Names.quoted(name) + " is given twice");
        }
        return node(name);
    }

    /** From here on a new name is an error. */
    void onlyDeclared() {
        onlyDeclared = true;
    }

    /** The node of a name; a name that is new becomes one. */
    int node(String name) {
        String reserved = Names.reserved(name);
        Integer known = nodes.get(reserved == null ? name : reserved);
        return known == null ? newNode(name) : known;
    }

    private int newNode(String name) {
        String objection = Names.objection(name);
        if (objection != null) {
            fault(TopologyError.Kind.INVALID_NAME, Names.quoted(name) + " cannot be an agent: " + objection);
        } else if (onlyDeclared) {
            fault(TopologyError.Kind.UNKNOWN_NAME, Names.quoted(name) + " is not among the agents" + suggestion(name));
        }
        nodes.put(name, names.size());
        return add(name, objection != null || onlyDeclared);
    }

    private int add(String name, boolean isAtFault) {
        int node = names.size();
        names.add(name);
        places.add(where == null ? 0 : where);
        atFault.set(node, isAtFault);
        return node;
    }

    private String suggestion(String name) {
        return suggested++ < SUGGESTED ? Names.didYouMean(name, agents()) : "";
    }

    private List<String> agents() {
        return names.subList(Graph.FIRST_AGENT, names.size());
    }

    // --- edges

    void edge(int source, int target) {
        linked.set(source);
        linked.set(target);
        if (target == Graph.START) {
            fault(
                    TopologyError.Kind.EDGE_INTO_START,
                    "no edge may lead into start, " + shown(source, target) + " does");
        } else if (source == Graph.END) {
            fault(
                    TopologyError.Kind.EDGE_OUT_OF_END,
                    "no edge may lead out of end, " + shown(source, target) + " does");
        } else if (source == Graph.START && target < Graph.FIRST_AGENT) {
            fault(TopologyError.Kind.ILLEGAL_EDGE, "start leads to agents only, not " + shown(source, target));
        } else if (source == Graph.USER && target < Graph.FIRST_AGENT) {
            fault(TopologyError.Kind.ILLEGAL_EDGE, "user answers agents only, not " + shown(source, target));
        } else if (source == Graph.USER) {
            answered.add(target);
            answeredAt.add(where == null ? 0 : where);
        } else {
            from.add(source);
            to.add(target);
        }
    }

    /** Whether so many more edges are allowed; adds an error if not. */
    boolean hasRoomFor(long edges) {
        if (from.size() + edges > Topology.MAX_EDGES) {
            fault(TopologyError.Kind.TOO_LARGE, "more than " + Topology.MAX_EDGES + " edges");
            tooLarge = true;
        }
        return !tooLarge;
    }

    private String shown(int source, int target) {
        return Names.quoted(names.get(source)) + " -> " + Names.quoted(names.get(target));
    }

    // --- rendezvous, pass_through, rules

    /** Kept for the end: the agent may be mentioned on a later line. */
    void role(boolean toBeRendezvous, String name) {
        roles.add(new Role(toBeRendezvous, name, list, where));
    }

    private void resolve(Role role) {
        at(role.list, role.where);
        int node = nodes.getOrDefault(role.name, -1);
        String word = role.rendezvous ? Statements.RENDEZVOUS : Statements.PASS_THROUGH;
        BitSet those = role.rendezvous ? rendezvous : passThrough;
        if (Names.reserved(role.name) != null) {
            fault(TopologyError.Kind.UNKNOWN_NAME, Names.quoted(role.name) + " is no agent and can be no " + word);
        } else if (node < 0) {
            fault(
                    TopologyError.Kind.UNKNOWN_NAME,
                    Names.quoted(role.name) + " has no edge and can be no " + word + suggestion(role.name));
        } else if (those.get(node)) {
            fault(TopologyError.Kind.DUPLICATE_RULE, word + ' ' + Names.quoted(role.name) + " is given twice");
        } else {
            those.set(node);
            if (rendezvous.get(node) && passThrough.get(node)) {
                fault(TopologyError.Kind.CONFLICT, Names.quoted(role.name) + " is to be a rendezvous and pass_through");
            }
        }
    }

    Rules rules() {
        return rules;
    }

    void rules(Rules newRules) {
        rules = newRules;
    }

    // --- the end

    /** The topology, if nothing is wrong with it. */
    Topology build() {
        roles.forEach(this::resolve);
        if (tooLarge) {
            throw new InvalidTopologyException(errors);
        }
        Graph graph = new Graph(names.size(), from.toArray(), to.toArray());
        checkAnswers(graph);
        Reach.check(this, graph);
        if (!errors.isEmpty()) {
            throw new InvalidTopologyException(errors);
        }
        BitSet meeting = graph.rendezvous();
        meeting.or(rendezvous);
        meeting.andNot(passThrough);
        return new Topology(names.toArray(String[]::new), nodes, graph, meeting, rules);
    }

    private void checkAnswers(Graph graph) {
        for (int at = 0; at < answered.size(); at++) {
            if (!graph.hasEdge(answered.get(at), Graph.USER)) {
                where = answeredAt.get(at);
                fault(
                        TopologyError.Kind.ILLEGAL_EDGE,
                        "user answers only who asks, " + shown(answered.get(at), Graph.USER) + " is missing");
            }
        }
    }

    /** Whether a line gives it an edge, even an illegal one. */
    boolean isLinked(int node) {
        return linked.get(node);
    }

    boolean isAtFault(int node) {
        return atFault.get(node);
    }

    String name(int node) {
        return names.get(node);
    }
}
