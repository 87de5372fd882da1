package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The topologies of the scenarios that runs are checked with. */
class TopologyScenariosTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chained-rendezvous|start -> A;A -> B1, B2;B1 -> C1, C2;B2 -> D, C2;C1 -> D;C2 -> D;D -> end|D,C2",
                "correction|start -> A;A -> B;B -> Z;Z -> end;B -> end|",
                "hub of two|start -> A;A <-> B1, B2|",
                "feedback-edge|start -> Plan;Plan -> Work;Work -> Review;Review -> Plan;Work -> Merge;Review -> Merge;"
                        + "Merge -> end|Merge",
                "loop-then-end|start -> A;A -> B1, B2;B1 -> C;B2 -> C;C -> A;C -> end|C",
                "nested-forks|start -> A;A <-> B1, B2;B1 <-> B11, B12;B2 <-> B21, B22|",
                "rendezvous-to-end|start -> A;A -> B1, B2;B1 -> C;B2 -> C;C -> end|C",
                "same-agent-twice|start -> Boss;Boss <-> W;W <-> X, Y|",
                "secret-word|start -> Orchestrator;Orchestrator -> AgentA;Orchestrator -> AgentB;Orchestrator -> AgentC;"
                        + "AgentA -> Orchestrator;AgentB -> Orchestrator;AgentC -> AgentD;AgentD -> Orchestrator;"
                        + "Orchestrator -> end|",
                "swarm|start -> Coord;Coord <-> W1, W2, W3|"
            })
    void parse_scenario_hasItsRendezvousAndNoFault(String name, String lines, String rendezvous) {
        Topology topology = Topology.parse(lines.replace(';', '\n'));
        List<String> expected = rendezvous == null ? List.of() : Arrays.asList(rendezvous.split(",", -1));

        assertThat(topology.agents().stream().filter(topology::isRendezvous))
                .as(name)
                .containsExactlyInAnyOrderElementsOf(expected);
        assertThat(Topology.parse(topology.toString())).isEqualTo(topology);
    }
}
