package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Each pattern has the edges its Javadoc names, and is checked as any other topology. */
class TopologyPatternsTest {

    private static List<TopologyError.Kind> faultsOf(ThrowingCallable made) {
        return catchThrowableOfType(InvalidTopologyException.class, made).errors().stream()
                .map(TopologyError::kind)
                .toList();
    }

    @Test
    void pipeline_three_isAChain() {
        assertThat(Topology.pipeline("A", "B", "C")).hasToString("start -> A\nA -> B\nB -> C\nC -> end\n");
        assertThat(Topology.pipeline("A")).hasToString("start -> A\nA -> end\n");
    }

    @Test
    void hub_spokes_comeBackAndOnlyTheHubEnds() {
        assertThat(Topology.hub("H", "A", "B")).hasToString("start -> H\nH <-> A, B\nH -> end\n");
        assertThat(Topology.hub("H")).hasToString("start -> H\nH -> end\n");
    }

    @Test
    void star_leaves_comeBackOrEnd() {
        assertThat(Topology.star("S", "A", "B")).isEqualTo(Topology.parse("""
                start -> S
                S <-> A
                A -> end
                S <-> B
                B -> end
                S -> end
                """));
    }

    @Test
    void broadcast_receivers_doNotComeBack() {
        assertThat(Topology.broadcast("S", "A", "B")).isEqualTo(Topology.parse("start -> S\nS -> A, B\nA, B -> end"));
        assertThat(Topology.broadcast("S")).isEqualTo(Topology.parse("start -> S -> end"));
    }

    @Test
    void mesh_three_isEveryPair() {
        Topology mesh = Topology.mesh("A", "B", "C");

        assertThat(mesh.successors("start")).containsExactly("A");
        assertThat(mesh.successors("A")).containsExactlyInAnyOrder("B", "C", "end");
        assertThat(mesh.successors("B")).containsExactlyInAnyOrder("A", "C", "end");
        assertThat(mesh.successors("C")).containsExactlyInAnyOrder("A", "B", "end");
        assertThat(mesh.warnings()).isEmpty();
        assertThat(Topology.mesh("A")).isEqualTo(Topology.pipeline("A"));
    }

    @Test
    void ring_three_goesRoundAndMayEndAnywhere() {
        assertThat(Topology.ring("A", "B", "C"))
                .isEqualTo(Topology.parse("start -> A\nA -> B, end\nB -> C, end\nC -> A, end"));
        assertThat(Topology.ring("A")).isEqualTo(Topology.parse("start -> A -> A -> end"));
    }

    @Test
    void hierarchy_twoLevels_isTheSameWhateverTheOrderOfTheMap() {
        Map<String, List<String>> reports = new LinkedHashMap<>();
        reports.put("M2", List.of("W3"));
        reports.put("M1", List.of("W1", "W2"));
        reports.put("Boss", List.of("M1", "M2"));

        Topology topology = Topology.hierarchy("Boss", reports);

        assertThat(topology).isEqualTo(Topology.hierarchy("Boss", Map.copyOf(reports)));
        assertThat(topology.agents()).containsExactly("Boss", "M1", "M2", "W1", "W2", "W3");
        assertThat(topology.successors("Boss")).containsExactly("M1", "M2", "end");
        assertThat(topology.successors("M1")).containsExactly("Boss", "W1", "W2");
        assertThat(topology.successors("W3")).containsExactly("M2");
        assertThat(Topology.hierarchy("Boss", Map.of())).isEqualTo(Topology.pipeline("Boss"));
    }

    @Test
    void hierarchy_twoManagersOfOne_isLegal() {
        Topology topology =
                Topology.hierarchy("B", Map.of("B", List.of("M", "N"), "M", List.of("W"), "N", List.of("W")));

        assertThat(topology.successors("W")).containsExactly("M", "N");
        assertThat(topology.isRendezvous("W")).isFalse();
    }

    @Test
    void patterns_nobody_areEmpty() {
        assertThat(faultsOf(Topology::pipeline)).containsExactly(TopologyError.Kind.EMPTY);
        assertThat(faultsOf(Topology::mesh)).containsExactly(TopologyError.Kind.EMPTY);
        assertThat(faultsOf(Topology::ring)).containsExactly(TopologyError.Kind.EMPTY);
    }

    @Test
    void patterns_doubledNames_areFaults() {
        assertThat(faultsOf(() -> Topology.pipeline("A", "B", "A"))).containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.hub("H", "A", "H"))).containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.star("H", "A", "A"))).containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.broadcast("H", "A", "A")))
                .containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.mesh("A", "A"))).containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.ring("A", "A"))).containsExactly(TopologyError.Kind.DUPLICATE_NAME);
        assertThat(faultsOf(() -> Topology.hierarchy("A", Map.of("A", List.of("B", "B")))))
                .containsExactly(TopologyError.Kind.DUPLICATE_NAME);
    }

    @Test
    void patterns_badNames_areFaults() {
        assertThat(faultsOf(() -> Topology.pipeline("A", "a\tb", "", "User")))
                .containsExactly(
                        TopologyError.Kind.INVALID_NAME,
                        TopologyError.Kind.INVALID_NAME,
                        TopologyError.Kind.INVALID_NAME);
        assertThat(faultsOf(() -> Topology.hub("A,B"))).containsExactly(TopologyError.Kind.INVALID_NAME);
        assertThat(faultsOf(() -> Topology.hierarchy("A", Map.of("A", List.of("B;"), "Lost", List.of("C")))))
                .containsExactly(
                        TopologyError.Kind.INVALID_NAME,
                        TopologyError.Kind.UNREACHABLE,
                        TopologyError.Kind.UNREACHABLE);
    }

    @Test
    void patterns_nulls_areNamed() {
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.pipeline((String[]) null))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.ring("A", null))
                .withMessage("agents[1]");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.mesh("A", null))
                .withMessage("agents[1]");
        assertThatNullPointerException().isThrownBy(() -> Topology.hub(null)).withMessage("hub");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.hub("A", (String) null))
                .withMessage("spokes[0]");
        assertThatNullPointerException().isThrownBy(() -> Topology.star(null)).withMessage("centre");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.star("A", (String) null))
                .withMessage("leaves[0]");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.broadcast(null))
                .withMessage("sender");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.broadcast("A", (String[]) null))
                .withMessage("receivers");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.hierarchy(null, Map.of()))
                .withMessage("root");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.hierarchy("A", null))
                .withMessage("reports");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.hierarchy("A", Map.of("A", Arrays.asList("B", null))))
                .withMessage("a report of A");
    }
}
