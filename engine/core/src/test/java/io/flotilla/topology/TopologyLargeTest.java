package io.flotilla.topology;

import static io.flotilla.topology.TopologyFaultsTest.faultsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hundred thousand agents in every shape. The limit only guards against a hang; times are nobody's promise here. */
@Timeout(10)
class TopologyLargeTest {

    private static final int MANY = 100_000;

    private static String names(int count, String separator) {
        return IntStream.range(0, count).mapToObj(each -> "A" + each).collect(Collectors.joining(separator));
    }

    private static void assertReadAgain(Topology topology) {
        assertThat(Topology.parse(topology.toString()).equals(topology)).isTrue();
    }

    @Test
    void parse_aChain_isDeep() {
        Topology topology = Topology.parse("start -> " + names(MANY, " -> ") + " -> end");

        assertThat(topology.agents()).hasSize(MANY);
        assertThat(topology.immediateDominator("end")).isEqualTo("A99999");
        assertThat(topology.inTopologicalOrder().get(MANY - 1)).isEqualTo("A99999");
        assertThat(topology.warnings()).isEmpty();
        assertReadAgain(topology);
    }

    @Test
    void parse_aChainThatMayEndAndGoBackAnywhere_isNotQuadratic() {
        Topology topology =
                Topology.parse("start -> " + names(MANY, " -> ") + "\n" + names(MANY, ", ") + " -> end, A0");

        assertThat(topology.immediateDominator("end")).isEqualTo("A0");
        assertThat(topology.isRendezvous("A0")).isTrue();
        assertReadAgain(topology);
    }

    @Test
    void ring_ofMany_hasOneLongCycle() {
        Topology topology = Topology.ring(names(MANY, ",").split(",", -1));

        assertThat(topology.warnings())
                .singleElement()
                .satisfies(warning -> assertThat(warning.agents()).hasSize(MANY));
    }

    @Test
    void hub_ofMany_hasAViewOfItsSpokes() {
        Topology topology = Topology.hub("H", names(MANY, ",").split(",", -1));

        assertThat(topology.successors("H")).hasSize(MANY + 1);
        assertThat(IntStream.range(0, MANY).allMatch(each -> topology.hasEdge("H", "A" + each)))
                .isTrue();
        assertThat(topology.toMermaid().lines().count()).isEqualTo(2L * MANY + 6);
        assertReadAgain(topology);
    }

    @Test
    void hierarchy_deep_isNoRecursion() {
        Map<String, List<String>> reports = IntStream.range(1, MANY)
                .boxed()
                .collect(Collectors.toMap(each -> "A" + (each - 1), each -> List.of("A" + each)));

        assertThat(Topology.hierarchy("A0", reports).agents().get(MANY - 1)).isEqualTo("A99999");
    }

    @Test
    void mesh_aMillionEdges_isRead() {
        Topology topology = Topology.mesh(names(1_000, ",").split(",", -1));

        assertThat(topology.successors("A500")).hasSize(1_000);
        assertThat(topology.warnings()).isEmpty();
    }

    @Test
    void parse_aHundredThousandFaults_areAllTold() {
        assertThat(faultsOf("start -> B\n" + names(MANY, "\n"))).hasSize(MANY);
        assertThat(faultsOf("start -> B\n" + names(MANY, "\u0007\n") + "\u0007"))
                .hasSize(MANY);
        assertThat(faultsOf("start -> B\nB -> " + names(MANY, ",\nB -> ") + ","))
                .hasSize(MANY);
        assertThat(faultsOf(names(MANY, ", ") + " -> start")).hasSize(MANY + 1);
    }

    @Test
    void of_aHundredThousandUnknownNames_areAllTold() {
        List<String> agents =
                IntStream.range(0, MANY).mapToObj(each -> "Agent" + each).toList();
        String flow = "start -> " + agents.stream().map(name -> "x" + name).collect(Collectors.joining(", "));

        InvalidTopologyException thrown = catchThrowableOfType(
                InvalidTopologyException.class, () -> Topology.of(agents, List.of(flow), List.of()));

        assertThat(thrown.errors()).hasSize(2 * MANY);
    }

    @Test
    void parse_moreEdgesThanFit_isAFaultNotAnOutOfMemoryError() {
        String all = names(MANY, ", ");

        assertThat(faultsOf("start -> " + all + "\n" + all + " -> " + all))
                .containsExactly(
                        new TopologyError(TopologyError.Kind.TOO_LARGE, "line 2: more than 10000000 edges", 2));
    }
}
