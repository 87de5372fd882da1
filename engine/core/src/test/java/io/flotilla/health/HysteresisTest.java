package io.flotilla.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which statuses come of which results. */
class HysteresisTest {

    @ParameterizedTest
    @CsvSource({
        "2, 2, UP DOWN UP DOWN UP DOWN, UP UP UP UP UP UP",
        "2, 2, UP DOWN DOWN UP DOWN UP UP, UP UP DOWN DOWN DOWN DOWN UP",
        "1, 1, UP DOWN UP DEGRADED, UP DOWN UP DEGRADED",
        "3, 3, UP DOWN DOWN UP DOWN DOWN UP DOWN DOWN, UP UP UP UP UP UP UP UP UP",
        "3, 3, UP DOWN DOWN DOWN UP UP DOWN UP UP UP, UP UP UP DOWN DOWN DOWN DOWN DOWN DOWN UP",
        "3, 2, UP DOWN DOWN DOWN UP DOWN UP DOWN UP UP, UP UP UP DOWN DOWN DOWN DOWN DOWN DOWN UP",
        "3, 1, UP DOWN DOWN DOWN UP, UP UP UP DOWN UP",
        "1, 3, DOWN UP UP DOWN UP UP UP, DOWN DOWN DOWN DOWN DOWN DOWN UP",
        "2, 2, DOWN DOWN UP UP, DOWN DOWN DOWN UP",
        "2, 2, UP DOWN DEGRADED DOWN DOWN, UP UP DEGRADED DEGRADED DOWN",
        "2, 2, DOWN UP DEGRADED UP UP, DOWN DOWN DEGRADED DEGRADED UP",
        "2, 2, UP UNKNOWN UNKNOWN DOWN DOWN, UP UP UNKNOWN UNKNOWN DOWN"
    })
    void after_results_becomesTheBestOfThoseThatAreWorseOrTheWorstOfThoseThatAreBetter(
            int failures, int successes, String results, String statuses) {
        Hysteresis hysteresis = new Hysteresis(failures, successes);
        assertThat(statuses(results).stream().map(hysteresis::after).toList()).isEqualTo(statuses(statuses));
    }

    private static List<HealthStatus> statuses(String text) {
        return Arrays.stream(text.split(" ", -1)).map(HealthStatus::valueOf).toList();
    }
}
