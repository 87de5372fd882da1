package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from the notation, and what a topology answers. */
class TopologyTest {

    private static final String FOUR = """
            start -> Orchestrator
            Orchestrator <-> AgentA, AgentB
            Orchestrator -> AgentC -> AgentD -> Orchestrator
            Orchestrator -> end
            """;

    @Test
    void parse_theExample_hasAgentsAndEdges() {
        Topology topology = Topology.parse(FOUR);

        assertThat(topology.agents()).containsExactly("Orchestrator", "AgentA", "AgentB", "AgentC", "AgentD");
        assertThat(topology.successors("start")).containsExactly("Orchestrator");
        assertThat(topology.successors("Orchestrator")).containsExactly("AgentA", "AgentB", "AgentC", "end");
        assertThat(topology.predecessors("Orchestrator")).containsExactly("start", "AgentA", "AgentB", "AgentD");
        assertThat(topology.successors("end")).isEmpty();
        assertThat(topology.predecessors("start")).isEmpty();
        assertThat(topology.rules()).isEqualTo(Rules.NONE);
    }

    @Test
    void parse_chainOfLists_linksEachToEach() {
        Topology topology = Topology.parse("start -> A -> B, C -> D <-> E, F");

        assertThat(topology.successors("A")).containsExactly("B", "C");
        assertThat(topology.successors("B")).containsExactly("D");
        assertThat(topology.successors("C")).containsExactly("D");
        assertThat(topology.successors("D")).containsExactly("E", "F");
        assertThat(topology.successors("F")).containsExactly("D");
    }

    @Test
    void parse_blankLinesAndComments_areSkipped() {
        Topology topology = Topology.parse("\uFEFF\n// one\r\n  # two\n\t\nstart -> A\r  // three\n\u00a0\n");

        assertThat(topology).isEqualTo(Topology.parse("start->A"));
    }

    @Test
    void parse_anEdgeTwice_countsOnce() {
        Topology topology = Topology.parse("start -> A\nA -> B, B, C\nA <-> B\nA, A -> C");

        assertThat(topology.successors("A")).containsExactly("B", "C");
        assertThat(topology.predecessors("B")).containsExactly("A");
    }

    @Test
    void parse_edgeToItself_isLegal() {
        Topology topology = Topology.parse("start -> A -> A -> end");

        assertThat(topology.successors("A")).containsExactly("A", "end");
        assertThat(topology.isRendezvous("A")).isFalse();
    }

    @Test
    void parse_reservedNamesInAnyCase_areTheSame() {
        Topology topology = Topology.parse("START -> A\nA -> USER, End");

        assertThat(topology).isEqualTo(Topology.parse("start -> A -> user, end"));
        assertThat(topology.successors("Start")).containsExactly("A");
        assertThat(topology.predecessors("END")).containsExactly("A");
        assertThat(topology.hasEdge("A", "uSer")).isTrue();
    }

    @Test
    void parse_severalStarts_areLegal() {
        assertThat(Topology.parse("start -> A, B").successors("start")).containsExactly("A", "B");
    }

    @Test
    void parse_userBothWays_keepsTheEdgeToUser() {
        Topology topology = Topology.parse("start -> A <-> user");

        assertThat(topology).isEqualTo(Topology.parse("start -> A -> user")).hasToString("start -> A\nA -> user\n");
        assertThat(topology.hasEdge("A", "user")).isTrue();
        assertThat(topology.hasEdge("user", "A")).isFalse();
        assertThat(topology.successors("user")).isEmpty();
        assertThat(Topology.parse("start -> A\nuser -> A\nA -> user")).isEqualTo(topology);
    }

    @Test
    void parse_declaredAgents_areInThatOrder() {
        Topology topology = Topology.parse("C, B\nA\nstart -> A -> B -> C");

        assertThat(topology.agents()).containsExactly("C", "B", "A");
        assertThat(topology.toString()).startsWith("C, B, A\n");
        assertThat(Topology.parse(topology.toString())).isEqualTo(topology);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "the reader",
                "reader#17",
                "größe",
                "読者",
                "a-b",
                "a<",
                ">",
                "http://x",
                "f(x)",
                "rendezvousX",
                "\"q\""
            })
    void parse_unusualNames_areKept(String name) {
        Topology topology = Topology.parse("start -> " + name + " -> end");

        assertThat(topology.agents()).containsExactly(name);
        assertThat(Topology.parse(topology.toString())).isEqualTo(topology);
    }

    @Test
    void isRendezvous_twoOneWayEdgesIn_isOne() {
        Topology topology = Topology.parse("start -> A\nA -> B1, B2\nB1 -> C\nB2 -> C\nC -> A\nC -> end");

        assertThat(topology.isRendezvous("C")).isTrue();
        assertThat(topology.isRendezvous("A"))
                .as("one from C, start does not count")
                .isFalse();
        assertThat(topology.isRendezvous("end")).isFalse();
    }

    @Test
    void isRendezvous_edgesWithOneBack_doNotCount() {
        assertThat(Topology.parse(FOUR).isRendezvous("Orchestrator")).isFalse();
        assertThat(Topology.parse("start -> A, B, C\nA -> C\nB -> C\nC -> B").isRendezvous("C"))
                .isFalse();
        assertThat(Topology.parse("start -> A, B, C\nA -> C -> C").isRendezvous("C"))
                .as("an edge to itself is its own way back")
                .isFalse();
    }

    @Test
    void isRendezvous_saidOtherwise_isWhatIsSaid() {
        Topology topology = Topology.parse("rendezvous A, B\npass_through C\nstart -> A\nA -> B, D\nB -> C\nD -> C");

        assertThat(topology.isRendezvous("A")).isTrue();
        assertThat(topology.isRendezvous("B")).isTrue();
        assertThat(topology.isRendezvous("C")).isFalse();
        assertThat(topology.isRendezvous("D")).isFalse();
        assertThat(topology.toString()).endsWith("rendezvous A\nrendezvous B\npass_through C\n");
    }

    @Test
    void isRendezvous_saidAsItIs_isTheSameTopology() {
        assertThat(Topology.parse("start -> A\npass_through A")).isEqualTo(Topology.parse("start -> A"));
    }

    @Test
    void lookup_unknownName_throwsNamingItAndClose() {
        Topology topology = Topology.parse(FOUR);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> topology.successors("agenta"))
                .withMessage("there is no agent \"agenta\", did you mean \"AgentA\" or \"AgentB\" or \"AgentC\"?");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> topology.predecessors("Zebra"))
                .withMessage("there is no agent \"Zebra\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> topology.hasEdge("AgentA", "x\ny"))
                .withMessage("there is no agent \"x\\u000ay\"");
        assertThatIllegalArgumentException().isThrownBy(() -> topology.isRendezvous(""));
        assertThatIllegalArgumentException().isThrownBy(() -> topology.immediateDominator("?"));
    }

    @Test
    void nullArguments_areNamed() {
        Topology topology = Topology.parse(FOUR);

        assertThatNullPointerException().isThrownBy(() -> Topology.parse(null)).withMessage("notation");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.successors(null))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.predecessors(null))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.hasEdge(null, "x"))
                .withMessage("from");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.hasEdge("AgentA", null))
                .withMessage("to");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.isRendezvous(null))
                .withMessage("agent");
        assertThatNullPointerException()
                .isThrownBy(() -> topology.immediateDominator(null))
                .withMessage("name");
    }

    @Test
    void lists_returned_cannotBeChanged() {
        Topology topology = Topology.parse(FOUR);

        for (List<String> list : List.of(
                topology.agents(),
                topology.successors("AgentA"),
                topology.predecessors("AgentA"),
                topology.inTopologicalOrder())) {
            assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> list.set(0, "x"));
        }
    }

    @Test
    void equals_structure_decides() {
        assertThat(Topology.parse(FOUR)).isEqualTo(Topology.parse(FOUR)).hasSameHashCodeAs(Topology.parse(FOUR));
        assertThat(Topology.parse("start -> A -> B\nA -> C")).isEqualTo(Topology.parse("start->A\nA->B,C"));
        assertThat(Topology.parse("start -> A -> B, C")).isNotEqualTo(Topology.parse("start -> A -> C, B"));
        assertThat(Topology.parse("start -> A"))
                .isNotEqualTo(Topology.parse("start -> A\nrendezvous A"))
                .isNotEqualTo(Topology.parse("start -> A\nmax_steps(3)"))
                .isNotEqualTo(Topology.parse("start -> B"))
                .isNotEqualTo("start -> A");
    }

    private static Map<String, String> node(String name, String kind) {
        return Map.of("name", name, "kind", kind);
    }

    @Test
    void toMap_aTopology_hasItsNodesAndEdges() {
        Map<String, Object> map =
                Topology.parse("start -> A\nA <-> B, C\nB, C -> D\nD -> end").toMap();

        assertThat(map.get("nodes"))
                .isEqualTo(List.of(
                        node("start", "start"),
                        node("A", "agent"),
                        node("B", "agent"),
                        node("C", "agent"),
                        node("D", "rendezvous"),
                        node("end", "end")));
        assertThat(map.get("edges"))
                .isEqualTo(List.of(
                        List.of("start", "A"),
                        List.of("A", "B"),
                        List.of("A", "C"),
                        List.of("B", "A"),
                        List.of("B", "D"),
                        List.of("C", "A"),
                        List.of("C", "D"),
                        List.of("D", "end")));
    }

    @Test
    void toMap_nobodyEndsTheRunAndOneAsks_hasNoEndButAUser() {
        assertThat(Topology.parse("start -> A\nA <-> user").toMap().get("nodes"))
                .isEqualTo(List.of(node("start", "start"), node("A", "agent"), node("user", "user")));
    }
}
