package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.flotilla.FlotillaException;
import io.flotilla.topology.TopologyError.Kind;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each fault alone, and many at once. */
class TopologyFaultsTest {

    static List<TopologyError> faultsOf(String notation) {
        return catchThrowableOfType(InvalidTopologyException.class, () -> Topology.parse(notation))
                .errors();
    }

    private static void assertOnly(String notation, Kind kind, Integer where, String message) {
        assertThat(faultsOf(notation)).containsExactly(new TopologyError(kind, message, where));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\n", "// only\n# comments"})
    void parse_nothing_isEmpty(String notation) {
        assertOnly(notation, Kind.EMPTY, null, "there is no statement");
    }

    @Test
    void parse_noStart_isTheOnlyFault() {
        assertOnly(
                "A -> B -> end", Kind.NO_START, null, "no edge leads from start to an agent, such as start -> \"A\"");
        assertOnly("timeout(3)", Kind.NO_START, null, "no edge leads from start to an agent, such as start -> A");
    }

    @Test
    void parse_noStartAndALoneAgent_areBothTold() {
        assertThat(faultsOf("A -> B\nC"))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.NO_START, Kind.UNREACHABLE);
    }

    @Test
    void parse_edgeIntoStart_isAFault() {
        assertOnly(
                "start -> A\nA -> start",
                Kind.EDGE_INTO_START,
                2,
                "line 2: no edge may lead into start, \"A\" -> \"start\" does");
        assertThat(faultsOf("start <-> A")).extracting(TopologyError::kind).containsExactly(Kind.EDGE_INTO_START);
    }

    @Test
    void parse_edgeOutOfEnd_isAFault() {
        assertOnly(
                "start -> A -> END -> A",
                Kind.EDGE_OUT_OF_END,
                1,
                "line 1: no edge may lead out of end, \"end\" -> \"A\" does");
        assertThat(faultsOf("start -> A\nA <-> end"))
                .extracting(TopologyError::kind)
                .containsExactly(Kind.EDGE_OUT_OF_END);
    }

    @ParameterizedTest
    @ValueSource(strings = {"start -> end", "start -> user", "user -> end", "user -> user", "user -> B"})
    void parse_edgeThatLeadsNowhere_isMisplaced(String line) {
        assertThat(faultsOf("start -> A -> user\nA -> B\n" + line))
                .extracting(TopologyError::kind, TopologyError::position)
                .containsExactly(tuple(Kind.ILLEGAL_EDGE, 3));
    }

    @Test
    void parse_answerToWhoDoesNotAsk_namesTheMissingEdge() {
        assertOnly(
                "start -> A\nuser -> A",
                Kind.ILLEGAL_EDGE,
                2,
                "line 2: user answers only who asks, \"A\" -> \"user\" is missing");
    }

    @Test
    void parse_unreachableAgents_areAllListedWhereTheyStandFirst() {
        assertThat(faultsOf("start -> A\nB -> C\nC -> A\nD"))
                .containsExactly(
                        new TopologyError(Kind.UNREACHABLE, "line 2: \"B\" cannot be reached from start", 2),
                        new TopologyError(Kind.UNREACHABLE, "line 2: \"C\" cannot be reached from start", 2),
                        new TopologyError(Kind.UNREACHABLE, "line 4: \"D\" has no edges", 4));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A ->",
                "-> A",
                "A -> -> B",
                "A -> B,",
                ", A -> B",
                "A ,, B",
                "A <->",
                "->",
                ",",
                "rendezvous",
                "rendezvous A,"
            })
    void parse_aNameMissing_isMalformed(String line) {
        assertThat(faultsOf("start -> A, B\n" + line))
                .extracting(TopologyError::kind, TopologyError::position)
                .containsExactly(tuple(Kind.MALFORMED_LINE, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"A --> B", "A ->> B", "A <<-> B", "A =-> B", "A <->> B", "A --> B --> A"})
    void parse_anotherArrow_isMalformed(String line) {
        assertThat(faultsOf("start -> A, B\n" + line))
                .filteredOn(error -> error.kind() == Kind.MALFORMED_LINE)
                .extracting(TopologyError::message)
                .containsExactly("line 2: an arrow is -> or <->, in \"" + line + '"');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "B;|a line does not end in a semicolon",
                "B // the writer|a comment has a line of its own",
                "B # the writer|a comment has a line of its own",
                "//B|a comment has a line of its own",
                "rendezvous B|it begins as a statement of the notation does",
                "pass_through|it begins as a statement of the notation does",
                "timeout(3)|it begins as a statement of the notation does",
                "B#|instance must not be blank, was \"\"",
            })
    void parse_aBadName_saysWhy(String name, String why) {
        assertOnly(
                "start -> A -> " + name, Kind.INVALID_NAME, 1, "line 1: \"" + name + "\" cannot be an agent: " + why);
    }

    @Test
    void parse_controlCharacters_areShownEscaped() {
        assertOnly(
                "start -> A\u0007B\u001b",
                Kind.INVALID_NAME,
                1,
                "line 1: \"A\\u0007B\\u001b\" cannot be an agent: a name has no control characters");
        assertThat(faultsOf("start -> \u000b#1"))
                .singleElement()
                .satisfies(error -> assertThat(error.message()).doesNotContain("\u000b"));
    }

    @Test
    void parse_nameLengths_upToTheBoundAreTaken() {
        assertThat(Topology.parse("start -> " + "x".repeat(199)).agents()).hasSize(1);
        assertThat(Topology.parse("start -> " + "x".repeat(200)).agents()).hasSize(1);
        assertOnly(
                "start -> " + "x".repeat(201),
                Kind.INVALID_NAME,
                1,
                "line 1: \"" + "x".repeat(80)
                        + "...\" cannot be an agent: kind must have at most 200 characters, had 201");
    }

    @Test
    void parse_aBadNameOften_isToldOnceAndHidesNothingBehindIt() {
        assertThat(faultsOf("start -> B; -> C\nB; -> D\nE"))
                .extracting(TopologyError::kind, TopologyError::position)
                .containsExactly(tuple(Kind.INVALID_NAME, 1), tuple(Kind.UNREACHABLE, 3));
    }

    @Test
    void parse_rolesOfUnknownNames_areFaults() {
        assertThat(faultsOf("rendezvous Raeder, end\nstart -> Reader"))
                .containsExactly(
                        new TopologyError(
                                Kind.UNKNOWN_NAME,
                                "line 1: \"Raeder\" has no edge and can be no rendezvous, did you mean \"Reader\"?",
                                1),
                        new TopologyError(
                                Kind.UNKNOWN_NAME, "line 1: \"end\" is no agent and can be no rendezvous", 1));
    }

    @Test
    void parse_rolesThatContradict_areAFault() {
        assertOnly(
                "start -> A\nrendezvous A\npass_through A",
                Kind.CONFLICT,
                3,
                "line 3: \"A\" is to be a rendezvous and pass_through");
        assertOnly(
                "start -> A\npass_through A, A", Kind.DUPLICATE_RULE, 2, "line 2: pass_through \"A\" is given twice");
    }

    @Test
    void parse_manyFaults_areAllTold() {
        InvalidTopologyException thrown = catchThrowableOfType(
                InvalidTopologyException.class,
                () -> Topology.parse("start -> A;\nA -> start\nend -> B\nX ->\nC\npass_through Q\ntimeout(0)"));

        assertThat(thrown).isInstanceOf(FlotillaException.class);
        assertThat(thrown.errors())
                .extracting(TopologyError::kind)
                .containsExactly(
                        Kind.INVALID_NAME,
                        Kind.EDGE_INTO_START,
                        Kind.EDGE_OUT_OF_END,
                        Kind.MALFORMED_LINE,
                        Kind.INVALID_RULE,
                        Kind.UNKNOWN_NAME,
                        Kind.UNREACHABLE,
                        Kind.UNREACHABLE,
                        Kind.UNREACHABLE,
                        Kind.UNREACHABLE);
        assertThat(thrown.getMessage())
                .startsWith("10 faults in the topology:\n  line 1: \"A;\" cannot be")
                .endsWith("\n  line 5: \"C\" has no edges");
    }

    @ParameterizedTest
    @CsvSource({"19,0", "20,0", "21,1", "1000,980"})
    void message_manyFaults_listsTwentyAndCountsTheRest(int errors, int unlisted) {
        String lines = IntStream.range(0, errors).mapToObj(each -> "A" + each).collect(Collectors.joining("\n"));

        InvalidTopologyException thrown =
                catchThrowableOfType(InvalidTopologyException.class, () -> Topology.parse("start -> B\n" + lines));

        assertThat(thrown.errors()).hasSize(errors);
        assertThat(thrown.getMessage().lines()).hasSize(1 + Math.min(20, errors) + (unlisted > 0 ? 1 : 0));
        if (unlisted > 0) {
            assertThat(thrown.getMessage()).endsWith("\n  and " + unlisted + " more");
        }
    }

    @Test
    void faults_returned_cannotBeChanged() {
        assertThat(faultsOf("")).isUnmodifiable();
        assertThatNullPointerException()
                .isThrownBy(() -> new TopologyError(null, "x", 1))
                .withMessage("kind");
        assertThatNullPointerException()
                .isThrownBy(() -> new TopologyError(Kind.EMPTY, null, 1))
                .withMessage("message");
    }
}
