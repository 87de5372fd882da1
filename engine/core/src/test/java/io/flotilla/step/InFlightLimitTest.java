package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.util.context.Context;

/** The settings of the limit, and what they refuse. */
class InFlightLimitTest {

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void of_lessThan1_throwsWithValueAndBound(int maxInFlight) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InFlightLimit.of(maxInFlight))
                .withMessage("maxInFlight must be >= 1, was " + maxInFlight);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().maxInFlight(maxInFlight))
                .withMessage("maxInFlight must be >= 1, was " + maxInFlight);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, Integer.MAX_VALUE})
    void of_1OrMore_isTheLimit(int maxInFlight) {
        assertThat(InFlightLimit.of(maxInFlight).maxInFlight()).isEqualTo(maxInFlight);
        assertThat(StepEngine.builder().maxInFlight(maxInFlight).build().maxInFlight())
                .hasToString("InFlightLimit[maxInFlight=" + maxInFlight + ", maxQueued=10000]");
    }

    @Test
    void maxInFlight_default_isNone() {
        assertThat(StepEngine.builder().build().maxInFlight()).isNull();
    }

    @Test
    void maxQueued_negative_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InFlightLimit.of(1).maxQueued(-1))
                .withMessage("maxQueued must be >= 0, was -1");
    }

    @Test
    void maxQueued_default_is10000() {
        assertThat(InFlightLimit.of(1).maxQueued()).isEqualTo(InFlightLimit.DEFAULT_MAX_QUEUED);
        assertThat(InFlightLimit.of(1).maxQueued(0).maxQueued()).isZero();
    }

    @Test
    void set_null_throwsNamingIt() {
        InFlightLimit limit = InFlightLimit.of(1);

        assertThatNullPointerException().isThrownBy(() -> limit.keyedBy(null)).withMessage("key");
        assertThatNullPointerException()
                .isThrownBy(() -> limit.keyedBy(null, key -> 1))
                .withMessage("key");
        assertThatNullPointerException()
                .isThrownBy(() -> limit.keyedBy(context -> "a", null))
                .withMessage("weight");
        assertThatNullPointerException().isThrownBy(() -> limit.priority(null)).withMessage("priority");
        assertThatNullPointerException()
                .isThrownBy(() -> StepEngine.builder().maxInFlight(null))
                .withMessage("maxInFlight");
    }

    @Test
    void settings_inAnyOrder_keepEachOther() {
        InFlightLimit limit = InFlightLimit.of(3)
                .priority(context -> context.getOrDefault("priority", 7))
                .keyedBy(context -> context.getOrDefault("tenant", null), String::length)
                .maxQueued(5);

        assertThat(limit).hasToString("InFlightLimit[maxInFlight=3, maxQueued=5, keyed, with priorities]");
        assertThat(limit.lineOf(Context.of("tenant", "acme", "priority", -1)))
                .isEqualTo(new InFlightLimit.Line(-1, "acme", 4));
        assertThat(limit.lineOf(Context.empty())).as("no key").isEqualTo(new InFlightLimit.Line(7, "", 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -5, InFlightLimit.MAX_WEIGHT + 1})
    void weight_outOfBounds_throwsWithValueAndBounds(int weight) {
        InFlightLimit limit = InFlightLimit.of(1).keyedBy(context -> "acme", key -> weight);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> limit.lineOf(Context.empty()))
                .withMessage("weight must be from 1 to 1000, was " + weight + " for acme");
    }
}
