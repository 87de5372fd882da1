package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.topology.Warning.Kind;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each warning, where it is and where it is not. */
class TopologyWarningsTest {

    private static List<List<String>> warned(Kind kind, String notation) {
        return Topology.parse(notation).warnings().stream()
                .filter(warning -> warning.kind() == kind)
                .map(Warning::agents)
                .toList();
    }

    private static String names(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(each -> prefix + each).collect(Collectors.joining(", "));
    }

    @Test
    void warnings_ofAPlainTopology_areNone() {
        assertThat(Topology.pipeline("A", "B", "C", "D", "E").warnings()).isEmpty();
        assertThat(Topology.hub("H", "A", "B").warnings()).isEmpty();
        assertThat(Topology.parse("start -> A -> B1, B2 -> C -> end").warnings())
                .isEmpty();
    }

    @Test
    void lookalikes_namesInAnotherCase_areWarnedOfTogether() {
        assertThat(Topology.parse("start -> Reader -> reader -> READER -> writer -> end")
                        .warnings())
                .containsExactly(new Warning(
                        Kind.CONFUSABLE_NAMES,
                        List.of("Reader", "reader", "READER"),
                        "agents of their own, though the names differ in case only: Reader, reader, READER"));
    }

    @Test
    void noExit_cycleThatCannotReachEnd_isOneWarningAComponent() {
        assertThat(Topology.parse("start -> A <-> B, C").warnings())
                .containsExactly(new Warning(
                        Kind.NO_EXIT,
                        List.of("A", "B", "C"),
                        "a cycle from which no path leads to end, so only an answer stops it: A, B, C"));
        assertThat(warned(Kind.NO_EXIT, "start -> A -> B -> A\nA -> end\nstart -> C <-> D\nstart -> E -> E"))
                .containsExactly(List.of("C", "D"), List.of("E"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "start -> A <-> B\nB -> end",
                "start -> A -> A -> end",
                "start -> A <-> B\nB -> C -> end",
                "start -> A -> B"
            })
    void noExit_endCanBeReachedOrNoCycle_isNoWarning(String notation) {
        assertThat(warned(Kind.NO_EXIT, notation)).isEmpty();
    }

    @Test
    void godAgent_onAllPaths_isWarnedOf() {
        assertThat(Topology.parse("start -> H <-> A, B, C\nH -> end").warnings())
                .containsExactly(
                        new Warning(Kind.GOD_AGENT, List.of("H"), "much depends on H, all paths to end go through it"));
        assertThat(warned(Kind.GOD_AGENT, "start -> A -> B1, B2 -> C -> D1, D2 -> E -> end"))
                .as("between the entry and the exit")
                .containsExactly(List.of("C"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "start -> H <-> A, B\nH -> end", // three agents
                "start -> H <-> A, B, C\nA, H -> end", // the entry, not the exit
                "start -> H, A\nH <-> A, B, C\nH -> end", // the exit, not the entry
                "start -> H <-> A, B, C", // no path to end at all
                "start -> A -> B -> C -> D -> end" // everyone is on all paths
            })
    void godAgent_noOneApart_isNoWarning(String notation) {
        assertThat(warned(Kind.GOD_AGENT, notation)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"7,false", "8,true", "9,true"})
    void godAgent_manyNeighbours_fromEightOn(int leaves, boolean warned) {
        String notation = "start -> H <-> " + names("L", leaves) + "\nH, " + names("L", leaves) + " -> end";

        assertThat(warned(Kind.GOD_AGENT, notation)).isEqualTo(warned ? List.of(List.of("H")) : List.of());
    }

    @ParameterizedTest
    @CsvSource({"11,false", "12,false", "13,true"})
    void godAgent_manyNeighbours_moreThanFourTimesTheMedian(int leaves, boolean warned) {
        // Each leaf stands in a ring and so has two neighbours besides the hub.
        String ring = IntStream.rangeClosed(0, leaves)
                .mapToObj(each -> "L" + each % leaves)
                .collect(Collectors.joining(" <-> "));
        String notation =
                "start -> H <-> " + names("L", leaves) + "\n" + ring + "\nH, " + names("L", leaves) + " -> end";

        assertThat(Topology.parse(notation).warnings().stream().map(Warning::message))
                .isEqualTo(
                        warned
                                ? List.of("much depends on H, it has " + leaves + " neighbours, the median has 3")
                                : List.of());
    }

    @Test
    void circularDelegation_oneWayCycle_isSpelledOut() {
        assertThat(Topology.parse("start -> X -> C -> A -> B -> C\nB -> end").warnings())
                .filteredOn(warning -> warning.kind() == Kind.CIRCULAR_DELEGATION)
                .containsExactly(new Warning(
                        Kind.CIRCULAR_DELEGATION,
                        List.of("C", "A", "B"),
                        "work may go round by one-way edges: C -> A -> B -> C"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "start -> A <-> B <-> C <-> A\nA -> end", // every edge has one back
                "start -> A -> A -> end",
                "start -> A <-> B -> end",
                "start -> A -> B <-> C -> D\nA -> C\nD -> end",
                "start -> A -> B -> C <-> A\nA -> end" // the way back is a return
            })
    void circularDelegation_noOneWayCycleOfThree_isNoWarning(String notation) {
        assertThat(warned(Kind.CIRCULAR_DELEGATION, notation)).isEmpty();
    }

    @Test
    void circularDelegation_cyclesThatShareAnAgent_areAllListed() {
        assertThat(warned(Kind.CIRCULAR_DELEGATION, "start -> A -> B -> C -> A -> D -> E -> A -> end"))
                .containsExactly(List.of("A", "B", "C"), List.of("A", "D", "E"));
    }

    @ParameterizedTest
    @CsvSource({"9,9", "10,10", "11,10"})
    void circularDelegation_manyCycles_atMostTenAreListed(int cycles, int listed) {
        String notation = IntStream.range(0, cycles)
                .mapToObj(each -> "start -> A%1$d -> B%1$d -> C%1$d -> A%1$d -> end".formatted(each))
                .collect(Collectors.joining("\n"));

        assertThat(warned(Kind.CIRCULAR_DELEGATION, notation)).hasSize(listed);
    }

    @Test
    void message_longCycle_namesTwentyAndCountsTheRest() {
        String[] agents = IntStream.range(0, 100).mapToObj(each -> "A" + each).toArray(String[]::new);

        assertThat(Topology.ring(agents).warnings()).singleElement().satisfies(warning -> {
            assertThat(warning.agents()).containsExactly(agents);
            assertThat(warning.message()).endsWith("A18 -> A19 -> (80 more) -> A0");
        });
    }

    @Test
    void warnings_lists_cannotBeChanged() {
        List<Warning> warnings = Topology.parse("start -> A -> A").warnings();

        assertThat(warnings).isUnmodifiable();
        assertThat(warnings.get(0).agents()).isUnmodifiable();
        assertThatNullPointerException()
                .isThrownBy(() -> new Warning(null, List.of(), ""))
                .withMessage("kind");
        assertThatNullPointerException()
                .isThrownBy(() -> new Warning(Kind.NO_EXIT, null, ""))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() -> new Warning(Kind.NO_EXIT, List.of(), null))
                .withMessage("message");
    }
}
