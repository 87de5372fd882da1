package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flotilla.topology.TopologyError.Kind;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The list form, and the rules. */
class TopologyListsTest {

    private static List<TopologyError> faultsOf(List<String> agents, List<String> flows, List<String> rules) {
        return catchThrowableOfType(InvalidTopologyException.class, () -> Topology.of(agents, flows, rules))
                .errors();
    }

    private static Topology withRules(String... rules) {
        return Topology.of(List.of("A"), List.of("start -> A"), List.of(rules));
    }

    private static List<TopologyError> faultsOfRules(String... rules) {
        return faultsOf(List.of("A"), List.of("start -> A"), List.of(rules));
    }

    @Test
    void of_lists_isWhatTheNotationSays() {
        Topology topology = Topology.of(
                List.of("C", "A", "B"),
                List.of("// agents", "start -> A", "", "A -> B, C", "B, C -> end"),
                List.of("timeout(180)", " max_steps ( 30 ) ", "max_branches(100)", "max_depth(5)", "rendezvous( B )"));

        assertThat(topology.agents()).containsExactly("C", "A", "B");
        assertThat(topology.successors("A")).containsExactly("B", "C");
        assertThat(topology.isRendezvous("B")).isTrue();
        assertThat(topology.rules()).isEqualTo(new Rules(Duration.ofMinutes(3), 30, 100, 5));
        assertThat(Topology.parse(topology.toString())).isEqualTo(topology);
        assertThat(topology.toString())
                .endsWith("rendezvous B\ntimeout(180)\nmax_steps(30)\nmax_branches(100)\nmax_depth(5)\n");
    }

    @Test
    void of_noRules_hasNone() {
        assertThat(withRules().rules()).isEqualTo(Rules.NONE);
        assertThat(withRules("pass_through(A)").isRendezvous("A")).isFalse();
    }

    @Test
    void of_nothing_isEmpty() {
        assertThat(faultsOf(List.of(), List.of(), List.of()))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.EMPTY);
        assertThat(faultsOf(List.of(), List.of("", "// x"), List.of("bogus(1)")))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.UNKNOWN_RULE, Kind.EMPTY);
    }

    @Test
    void of_doubledAgent_isAFault() {
        assertThat(faultsOf(List.of("A", "A"), List.of("start -> A"), List.of()))
                .containsExactly(new TopologyError(Kind.DUPLICATE_NAME, "agent 2: agent \"A\" is given twice", 2));
    }

    @Test
    void of_agentNoFlowMentions_isUnreachable() {
        assertThat(faultsOf(List.of("A", "B"), List.of("start -> A"), List.of()))
                .containsExactly(new TopologyError(Kind.UNREACHABLE, "agent 2: \"B\" has no edges", 2));
    }

    @Test
    void of_unknownNameInFlows_isToldOnceWithCloseOnes() {
        assertThat(faultsOf(
                        List.of("Reader"), List.of("start -> Reader", "Reader -> Raeder", "Raeder -> end"), List.of()))
                .containsExactly(new TopologyError(
                        Kind.UNKNOWN_NAME, "flow 2: \"Raeder\" is not among the agents, did you mean \"Reader\"?", 2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"start", "END", "User", "", " ", "A ", "\tA", "A,B", "A->B", "A\nB", "rendezvous X", "#1", "B;"})
    void of_badAgents_areFaults(String name) {
        assertThat(faultsOf(List.of("A", name), List.of("start -> A"), List.of()))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.INVALID_NAME);
    }

    @Test
    void of_aFlowOfTwoLines_isOneBadName() {
        assertThat(faultsOf(List.of("A", "B"), List.of("start -> A, B", "A -> B\nB -> A"), List.of()))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.INVALID_NAME);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max_step(30)|UNKNOWN_RULE|rule 1: there is no rule \"max_step\", did you mean \"max_steps\"?",
                "zzz(30)|UNKNOWN_RULE|rule 1: there is no rule \"zzz\"",
                "Timeout(30)|UNKNOWN_RULE|rule 1: there is no rule \"Timeout\", did you mean \"timeout\"?",
                "timeout|INVALID_RULE|rule 1: \"timeout\" is not of the form rule(argument)",
                "timeout(3|INVALID_RULE|rule 1: \"timeout(3\" is not of the form rule(argument)",
                "max_steps()|INVALID_RULE|rule 1: \"max_steps()\" must have a number from 1 to 2147483647",
                "rendezvous(B)|UNKNOWN_NAME|rule 1: \"B\" has no edge and can be no rendezvous, did you mean \"A\"?",
                "rendezvous()|MALFORMED_LINE|rule 1: a name is missing after rendezvous",
                "pass_through(user)|UNKNOWN_NAME|rule 1: \"user\" is no agent and can be no pass_through"
            })
    void of_badRules_areFaults(String rule, Kind kind, String message) {
        assertThat(faultsOfRules(rule)).containsExactly(new TopologyError(kind, message, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "0.0", "-1", "", "x", "180s", "1e9", "1000000000", "0.0000000001", "1.", "1 2", "٣"})
    void of_badSeconds_areFaults(String seconds) {
        assertThat(faultsOfRules("timeout(" + seconds + ")"))
                .containsExactly(new TopologyError(
                        Kind.INVALID_RULE,
                        "rule 1: \"timeout(" + seconds + ")\" must have seconds > 0, at most 999999999",
                        1));
    }

    @ParameterizedTest
    @CsvSource({"0.000000001,PT0.000000001S", "0.5,PT0.5S", "1,PT1S", "999999999,PT277777H46M39S", "007.50,PT7.5S"})
    void of_goodSeconds_areRead(String seconds, Duration expected) {
        Topology topology = withRules("timeout(" + seconds + ")");

        assertThat(topology.rules().timeout()).isEqualTo(expected);
        assertThat(Topology.parse(topology.toString())).isEqualTo(topology);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "2147483648", "99999999999", "1.5", "x"})
    void of_badNumbers_areFaults(String number) {
        for (String rule : List.of("max_steps", "max_branches", "max_depth")) {
            assertThat(faultsOfRules(rule + "(" + number + ")"))
                    .extracting(TopologyError::kind)
                    .containsExactly(Kind.INVALID_RULE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, Integer.MAX_VALUE})
    void of_goodNumbers_areRead(int number) {
        assertThat(withRules("max_steps(" + number + ")").rules()).isEqualTo(new Rules(null, number, null, null));
        assertThat(withRules("max_branches(" + number + ")").rules()).isEqualTo(new Rules(null, null, number, null));
        assertThat(withRules("max_depth(" + number + ")").rules()).isEqualTo(new Rules(null, null, null, number));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeout(1)",
                "max_steps(1)",
                "max_branches(1)",
                "max_depth(1)",
                "rendezvous(A)",
                "pass_through(A)"
            })
    void of_doubledRules_areFaults(String rule) {
        assertThat(faultsOfRules(rule, rule)).extracting(TopologyError::kind).containsExactly(Kind.DUPLICATE_RULE);
    }

    @Test
    void of_contradictingRules_areAFault() {
        assertThat(faultsOfRules("rendezvous(A)", "pass_through(A)"))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.CONFLICT);
    }

    @Test
    void of_nulls_areNamed() {
        List<String> some = List.of("A");
        List<String> withNull = Arrays.asList("start -> A", null);

        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(null, some, some))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(some, null, some))
                .withMessage("flows");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(some, some, null))
                .withMessage("rules");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(withNull, some, some))
                .withMessage("agents[1]");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(some, withNull, some))
                .withMessage("flows[1]");
        assertThatNullPointerException()
                .isThrownBy(() -> Topology.of(some, some, withNull))
                .withMessage("rules[1]");
    }

    @Test
    void rules_outOfBounds_throw() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Rules(Duration.ZERO, null, null, null))
                .withMessage("timeout must be > 0, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Rules(null, 0, null, null))
                .withMessage("maxSteps must be >= 1, was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> new Rules(null, null, 0, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new Rules(null, null, null, -1));
    }
}
