package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * What is computed about the graph, against its definition, on topologies drawn at random. {@code -Drandom.seed=N} starts
 * elsewhere, {@code -Drandom.rounds=N} draws so many; a failure names its own seed.
 */
class TopologyGraphTest {

    private static final long SEED = Long.getLong("random.seed", 20261120L);
    private static final int DRAWN = Math.max(2_000, Integer.getInteger("random.rounds", 0));

    private static LongStream seeds() {
        return LongStream.range(SEED, SEED + DRAWN);
    }

    private static Set<String> reachable(Topology topology, String from, String without) {
        Set<String> reached = new HashSet<>(Set.of(from));
        Deque<String> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            for (String next : topology.successors(open.remove())) {
                if (!next.equals(without) && reached.add(next)) {
                    open.add(next);
                }
            }
        }
        return reached;
    }

    /** By name, the agents without which it cannot be reached from start. */
    private static Map<String, Set<String>> dominatorsByDefinition(Topology topology) {
        Map<String, Set<String>> dominators = new HashMap<>();
        for (String agent : topology.agents()) {
            Set<String> left = reachable(topology, "start", agent);
            for (String cutOff : reachable(topology, "start", "nobody")) {
                if (!left.contains(cutOff) && !cutOff.equals(agent)) {
                    dominators.computeIfAbsent(cutOff, any -> new HashSet<>()).add(agent);
                }
            }
        }
        return dominators;
    }

    @Test
    void immediateDominator_random_isTheNearestAgentOnAllPaths() {
        seeds().forEach(seed -> {
            Topology topology = RandomTopologies.draw(seed);
            Map<String, Set<String>> expected = dominatorsByDefinition(topology);
            List<String> names = new ArrayList<>(topology.agents());
            names.addAll(List.of("start", "end", "user"));
            for (String name : names) {
                Set<String> all = expected.getOrDefault(name, Set.of());
                String nearest = all.stream()
                        .filter(agent -> expected.getOrDefault(agent, Set.of()).size() == all.size() - 1)
                        .findAny()
                        .orElse(null);
                assertThat(topology.immediateDominator(name))
                        .as("seed %d, of %s in%n%s", seed, name, topology)
                        .isEqualTo(nearest);
            }
        });
    }

    @Test
    void immediateDominator_known_isAsDrawn() {
        Topology topology = Topology.parse("start -> A -> B1, B2 -> C -> end\nB1 -> B2\nstart -> D -> D");

        assertThat(topology.immediateDominator("A")).isNull();
        assertThat(topology.immediateDominator("B2")).isEqualTo("A");
        assertThat(topology.immediateDominator("C")).isEqualTo("A");
        assertThat(topology.immediateDominator("END")).isEqualTo("C");
        assertThat(topology.immediateDominator("D")).isNull();
        assertThat(topology.immediateDominator("start")).isNull();
        assertThat(topology.immediateDominator("user")).as("nobody asks").isNull();
    }

    /** The definition, word for word: groups one after another, each the first-declared of those that may be taken. */
    private static List<String> orderByDefinition(Topology topology) {
        Map<String, Set<String>> reaches = new HashMap<>();
        topology.agents().forEach(agent -> reaches.put(agent, reachable(topology, agent, "nobody")));
        List<String> order = new ArrayList<>();
        while (order.size() < topology.agents().size()) {
            String first = topology.agents().stream()
                    .filter(agent -> !order.contains(agent))
                    .filter(agent -> topology.agents().stream()
                            .filter(other -> !order.contains(other))
                            .allMatch(other -> !reaches.get(other).contains(agent)
                                    || reaches.get(agent).contains(other)))
                    .findFirst()
                    .orElseThrow();
            topology.agents().stream()
                    .filter(other -> reaches.get(first).contains(other)
                            && reaches.get(other).contains(first))
                    .forEach(order::add);
        }
        return order;
    }

    @Test
    void inTopologicalOrder_random_isAsDefined() {
        seeds().forEach(seed -> {
            Topology topology = RandomTopologies.draw(seed);
            assertThat(topology.inTopologicalOrder())
                    .as("seed %d%n%s", seed, topology)
                    .isEqualTo(orderByDefinition(topology));
        });
    }

    @Test
    void inTopologicalOrder_known_isAsDrawn() {
        assertThat(Topology.parse("D, C, B, A\nstart -> A -> B, C -> D").inTopologicalOrder())
                .containsExactly("A", "C", "B", "D");
        assertThat(Topology.parse("X\nstart -> A -> B -> C -> B\nC -> X").inTopologicalOrder())
                .as("B and C are a group")
                .containsExactly("A", "B", "C", "X");
    }

    @Test
    void successorsAndPredecessors_random_agree() {
        seeds().forEach(seed -> {
            Topology topology = RandomTopologies.draw(seed);
            List<String> names = new ArrayList<>(List.of("start", "end", "user"));
            names.addAll(topology.agents());
            for (String from : names) {
                for (String to : names) {
                    boolean edge = topology.successors(from).contains(to);
                    assertThat(topology.hasEdge(from, to)).as("seed %d", seed).isEqualTo(edge);
                    assertThat(topology.predecessors(to).contains(from))
                            .as("seed %d", seed)
                            .isEqualTo(edge);
                }
                assertThat(topology.predecessors(from))
                        .isSubsetOf(names)
                        .doesNotHaveDuplicates()
                        .isSortedAccordingTo((one, other) -> names.indexOf(one) - names.indexOf(other));
            }
        });
    }

    @Test
    void toString_random_isReadAsTheSame() {
        seeds().forEach(seed -> {
            Topology topology = RandomTopologies.draw(seed);
            Topology again = Topology.parse(topology.toString());
            assertThat(again)
                    .as("seed %d%n%s", seed, topology)
                    .isEqualTo(topology)
                    .hasSameHashCodeAs(topology)
                    .hasToString(topology.toString());
            assertThat(again.warnings()).isEqualTo(topology.warnings());
            assertThat(again.toMermaid()).isEqualTo(topology.toMermaid());
        });
    }

    @Test
    void toString_edgesBothWays_areWrittenAsOne() {
        assertThat(Topology.parse("start -> A\nA -> B\nB -> A\nA -> C\nC -> A\nA -> end"))
                .hasToString("start -> A\nA <-> B, C\nA -> end\n");
    }
}
