package io.flotilla.topology;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Makes the topologies that go by a name. Their edges are described at the methods of {@link Topology}. Not thread-safe. */
final class Patterns {

    private final Draft draft = new Draft();
    private int declared;

    private int[] agents(String argument, String... names) {
        Objects.requireNonNull(names, argument);
        int[] nodes = new int[names.length];
        for (int at = 0; at < names.length; at++) {
            nodes[at] = agent(Objects.requireNonNull(names[at], argument + '[' + at + ']'));
        }
        return nodes;
    }

    private int agent(String name) {
        draft.at("agent", ++declared);
        return draft.declare(name);
    }

    private void both(int one, int other) {
        draft.edge(one, other);
        draft.edge(other, one);
    }

    private int[] some(String argument, String... names) {
        int[] nodes = agents(argument, names);
        if (nodes.length == 0) {
            throw draft.empty("there are no agents");
        }
        return nodes;
    }

    Topology pipeline(String... names) {
        int[] agents = some("agents", names);
        int before = Graph.START;
        for (int agent : agents) {
            draft.edge(before, agent);
            before = agent;
        }
        draft.edge(before, Graph.END);
        return draft.build();
    }

    Topology hub(String hub, String... spokes) {
        int centre = agent(Objects.requireNonNull(hub, "hub"));
        draft.edge(Graph.START, centre);
        for (int spoke : agents("spokes", spokes)) {
            both(centre, spoke);
        }
        draft.edge(centre, Graph.END);
        return draft.build();
    }

    Topology star(String centre, String... leaves) {
        int middle = agent(Objects.requireNonNull(centre, "centre"));
        draft.edge(Graph.START, middle);
        for (int leaf : agents("leaves", leaves)) {
            both(middle, leaf);
            draft.edge(leaf, Graph.END);
        }
        draft.edge(middle, Graph.END);
        return draft.build();
    }

    Topology broadcast(String sender, String... receivers) {
        int source = agent(Objects.requireNonNull(sender, "sender"));
        draft.edge(Graph.START, source);
        for (int receiver : agents("receivers", receivers)) {
            draft.edge(source, receiver);
            draft.edge(receiver, Graph.END);
        }
        if (receivers.length == 0) {
            draft.edge(source, Graph.END);
        }
        return draft.build();
    }

    Topology mesh(String... names) {
        int[] agents = some("agents", names);
        draft.edge(Graph.START, agents[0]);
        if (draft.hasRoomFor((long) agents.length * agents.length)) {
            for (int one = 0; one < agents.length; one++) {
                for (int other = one + 1; other < agents.length; other++) {
                    both(agents[one], agents[other]);
                }
                draft.edge(agents[one], Graph.END);
            }
        }
        return draft.build();
    }

    Topology ring(String... names) {
        int[] agents = some("agents", names);
        draft.edge(Graph.START, agents[0]);
        for (int at = 0; at < agents.length; at++) {
            draft.edge(agents[at], agents[(at + 1) % agents.length]);
            draft.edge(agents[at], Graph.END);
        }
        return draft.build();
    }

    /** Level by level from the root, so that the order is the same whatever the order of the map. */
    Topology hierarchy(String root, Map<String, ? extends List<String>> reports) {
        Objects.requireNonNull(root, "root");
        Objects.requireNonNull(reports, "reports");
        Set<String> left = new HashSet<>();
        reports.forEach((manager, team) -> {
            left.add(Objects.requireNonNull(manager, "a manager of reports"));
            Objects.requireNonNull(team, () -> "reports of " + manager)
                    .forEach(report -> Objects.requireNonNull(report, () -> "a report of " + manager));
        });
        int top = draft.declare(root);
        draft.edge(Graph.START, top);
        Deque<String> managers = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            String manager = managers.isEmpty() ? leftOver(left) : managers.remove();
            if (left.remove(manager)) {
                managers.addAll(team(manager, Objects.requireNonNull(reports.get(manager))));
            }
        }
        draft.edge(top, Graph.END);
        return draft.build();
    }

    private static String leftOver(Set<String> left) {
        String[] names = left.toArray(String[]::new);
        Arrays.sort(names);
        return names[0];
    }

    /** Declares each name once; a name that is in one list twice is declared twice, and so reported. */
    private List<String> team(String manager, List<String> reports) {
        Set<String> seen = new HashSet<>();
        int above = draft.node(manager);
        for (String report : reports) {
            boolean declares = Names.reserved(report) != null || !seen.add(report);
            both(above, declares ? draft.declare(report) : draft.node(report));
        }
        return reports;
    }
}
