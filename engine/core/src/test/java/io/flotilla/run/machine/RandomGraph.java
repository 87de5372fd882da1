package io.flotilla.run.machine;

import io.flotilla.topology.Topology;
import java.util.BitSet;
import java.util.Random;
import java.util.StringJoiner;

/**
 * A topology drawn at random, and the plainest answers to what a run asks of one: searches without a cache or a trick, and
 * nothing of {@link Routes}. Agents are numbers here, and letters in the notation.
 */
final class RandomGraph {

    final int agents;
    final int end;
    final int user;
    final Topology topology;

    private final boolean[][] edges;
    private final boolean[] entries;
    private final boolean[] rendezvous;

    RandomGraph(Random random) {
        agents = 1 + random.nextInt(random.nextInt(4) == 0 ? 4 : 9);
        end = agents;
        user = agents + 1;
        edges = new boolean[agents][agents + 2];
        entries = new boolean[agents];
        rendezvous = new boolean[agents];
        int back = random.nextInt(100); // edges both ways are what forks live on, those one way what rendezvous do
        for (int node = 0; node < agents; node++) {
            if (node == 0 || random.nextInt(5) == 0) {
                entries[node] = true;
            } else {
                int before = random.nextInt(3) == 0 ? 0 : random.nextInt(node);
                edges[before][node] = true;
                edges[node][before] = random.nextInt(100) < back;
            }
            edges[node][end] = random.nextInt(4) == 0;
            edges[node][user] = random.nextInt(5) == 0;
        }
        for (int more = random.nextInt(2 * agents + 1); more > 0; more--) {
            edges[random.nextInt(agents)][random.nextInt(agents)] = true;
        }
        for (int funnels = random.nextInt(3); funnels > 0; funnels--) {
            int to = random.nextInt(agents);
            for (int from = 0; from < agents; from++) {
                edges[from][to] |= from != to && !edges[to][from] && random.nextInt(2) == 0;
            }
        }
        String roles = roles(random);
        topology = Topology.parse(notation() + roles);
    }

    private String roles(Random random) {
        StringBuilder roles = new StringBuilder();
        for (int node = 0; node < agents; node++) {
            int oneWay = 0;
            for (int from = 0; from < agents; from++) {
                oneWay += from != node && edges[from][node] && !edges[node][from] ? 1 : 0;
            }
            rendezvous[node] = oneWay >= 2;
            int role = random.nextInt(16);
            if (role < 2) {
                rendezvous[node] = role == 0;
                roles.append(role == 0 ? "rendezvous " : "pass_through ")
                        .append(name(node))
                        .append('\n');
            }
        }
        return roles.toString();
    }

    private String notation() {
        StringBuilder lines = new StringBuilder();
        StringJoiner declared = new StringJoiner(", ");
        StringJoiner started = new StringJoiner(", ");
        for (int node = 0; node < agents; node++) {
            declared.add(name(node));
            if (entries[node]) {
                started.add(name(node));
            }
        }
        lines.append(declared).append("\nstart -> ").append(started).append('\n');
        for (int node = 0; node < agents; node++) {
            StringJoiner targets = new StringJoiner(", ");
            for (int to = 0; to < agents + 2; to++) {
                if (edges[node][to]) {
                    targets.add(name(to));
                }
            }
            if (targets.length() > 0) {
                lines.append(name(node)).append(" -> ").append(targets).append('\n');
            }
        }
        return lines.toString();
    }

    String name(int node) {
        return node == end ? "end" : node == user ? "user" : String.valueOf((char) ('A' + node));
    }

    int number(String name) {
        return name.equals("end") ? end : name.equals("user") ? user : name.charAt(0) - 'A';
    }

    boolean hasEdge(int from, int to) {
        return to >= 0 && to < agents + 2 && edges[from][to];
    }

    /** How many agents a run starts at. */
    int entries() {
        int count = 0;
        for (boolean entry : entries) {
            count += entry ? 1 : 0;
        }
        return count;
    }

    boolean isRendezvous(int node) {
        return node < agents && rendezvous[node];
    }

    /** Whether one can go from a node, by an edge or more, to another, with none of the closed ones on the way. */
    boolean leads(int from, int to, BitSet closed) {
        BitSet seen = new BitSet();
        return leads(from, to, closed, seen);
    }

    private boolean leads(int from, int to, BitSet closed, BitSet seen) {
        if (edges[from][to]) {
            return true;
        }
        for (int next = 0; next < agents; next++) {
            if (edges[from][next] && !closed.get(next) && !seen.get(next)) {
                seen.set(next);
                if (leads(next, to, closed, seen)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether nobody gets from the start to a node without having been at the other. */
    boolean dominates(int above, int node) {
        if (above == node) {
            return false;
        }
        BitSet without = new BitSet();
        without.set(above);
        for (int entry = 0; entry < agents; entry++) {
            if (entries[entry] && entry != above && (entry == node || leads(entry, node, without))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return topology.toString();
    }
}
