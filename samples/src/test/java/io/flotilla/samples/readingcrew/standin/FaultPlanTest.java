package io.flotilla.samples.readingcrew.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FaultPlanTest {

    @Test
    void faultFor_sameSeed_sameFaultsWhateverTheOrder() {
        FaultPlan plan = new FaultPlan(42);
        String forwards = IntStream.range(0, 200)
                .mapToObj(at -> at + " " + plan.faultFor("file " + at, 1))
                .sorted()
                .collect(Collectors.joining("\n"));
        String backwards = IntStream.range(0, 200)
                .map(at -> 199 - at)
                .mapToObj(at -> at + " " + new FaultPlan(42).faultFor("file " + at, 1))
                .sorted()
                .collect(Collectors.joining("\n"));

        assertThat(forwards).isEqualTo(backwards);
    }

    @Test
    void faultFor_otherSeed_otherFaults() {
        assertThat(IntStream.range(0, 200)
                        .filter(at -> new FaultPlan(1).faultFor("file " + at, 1)
                                != new FaultPlan(2).faultFor("file " + at, 1)))
                .isNotEmpty();
    }

    @Test
    void faultFor_manyQuestions_eachFaultInItsShare() {
        int questions = 50_000;
        FaultPlan plan = new FaultPlan(42);
        Map<Fault, Long> drawn = IntStream.range(0, questions)
                .mapToObj(at -> plan.faultFor("file " + at, 1))
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));

        assertThat(Arrays.stream(Fault.values()).mapToInt(Fault::percent).sum()).isEqualTo(100);
        for (Fault fault : Fault.values()) {
            assertThat(drawn.get(fault) * 100.0 / questions)
                    .as(fault.toString())
                    .isEqualTo(fault.percent(), within(0.7));
        }
    }

    @Test
    void faultFor_nextRequests_drawnAnewBySeed() {
        FaultPlan plan = new FaultPlan(42);

        assertThat(faults(plan, 2)).isEqualTo(faults(new FaultPlan(42), 2)).isNotEqualTo(faults(plan, 1));
        assertThat(IntStream.range(0, 200)
                        .filter(at -> IntStream.rangeClosed(1, 3)
                                .allMatch(number -> plan.faultFor("file " + at, number) == Fault.SILENT)))
                .as("files that are never answered")
                .isEmpty();
    }

    private static List<Fault> faults(FaultPlan plan, int number) {
        return IntStream.range(0, 200)
                .mapToObj(at -> plan.faultFor("file " + at, number))
                .toList();
    }

    @Test
    void toString_seed_saysSeedAndEveryFault() {
        assertThat(new FaultPlan(7))
                .asString()
                .startsWith("seed 7: ")
                .contains("429", "500", "malformed", "cut", "no answer", "slow");
    }
}
