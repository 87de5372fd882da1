package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Six ways for a step to end. */
class StepResultTest {

    private static StepResult<String> result(StepResult.Kind kind) {
        return switch (kind) {
            case SUCCEEDED -> Results.succeeded("a#1", 7, "value");
            case DEGRADED -> Results.degraded("a#1", 7, "value");
            case FAILED -> Results.failed("a#1", 7, Results.BOOM);
            case TIMED_OUT -> Results.timedOut("a#1", 7);
            case REJECTED -> Results.rejected("a#1", 7);
            case CANCELLED -> Results.cancelled("a#1", 7);
        };
    }

    @ParameterizedTest
    @EnumSource
    void fold_ofEachKind_callsThatKindsFunctionWithTheResult(StepResult.Kind kind) {
        StepResult<String> result = result(kind);

        String folded = result.fold(
                succeeded -> "SUCCEEDED " + (succeeded == result),
                degraded -> "DEGRADED " + (degraded == result),
                failed -> "FAILED " + (failed == result),
                timedOut -> "TIMED_OUT " + (timedOut == result),
                rejected -> "REJECTED " + (rejected == result),
                cancelled -> "CANCELLED " + (cancelled == result));

        assertThat(folded).isEqualTo(kind + " true");
    }

    @ParameterizedTest
    @EnumSource
    void fold_functionReturnsNull_returnsNull(StepResult.Kind kind) {
        Object folded =
                result(kind).<Object>fold(any -> null, any -> null, any -> null, any -> null, any -> null, any -> null);

        assertThat(folded).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void kind_ofEachRecord_isItsOwn(StepResult.Kind kind) {
        StepResult<String> result = result(kind);

        assertThat(result.kind()).isEqualTo(kind);
        assertThat(result.agentId()).isEqualTo(AgentId.of("a#1"));
        assertThat(result.index()).isEqualTo(7);
        assertThat(result.startedAt()).isEqualTo(Results.START);
    }

    @Test
    void isFailure_ofEachKind_isFalseOnlyWhereThereIsSomethingToUse() {
        assertThat(Stream.of(StepResult.Kind.values()).filter(kind -> !kind.isFailure()))
                .containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.DEGRADED);
        assertThat(Stream.of(StepResult.Kind.values()).map(StepResultTest::result))
                .allSatisfy(result ->
                        assertThat(result.isFailure()).isEqualTo(result.kind().isFailure()));
    }

    @Test
    void value_ofEachKind_isThereOnlyWhereThereIsSomethingToUse() {
        assertThat(Stream.of(StepResult.Kind.values()).map(kind -> result(kind).value()))
                .containsExactly("value", "value", null, null, null, null);
    }

    @Test
    void cause_ofEachKind_isThereUnlessItSucceeded() {
        assertThat(result(StepResult.Kind.SUCCEEDED).cause()).isNull();
        assertThat(Stream.of(StepResult.Kind.values())
                        .filter(kind -> kind != StepResult.Kind.SUCCEEDED)
                        .map(kind -> result(kind).cause()))
                .doesNotContainNull();
        assertThat(result(StepResult.Kind.FAILED).cause()).isSameAs(Results.BOOM);
        assertThat(result(StepResult.Kind.DEGRADED).cause()).isSameAs(Results.BOOM);
    }

    @Test
    void value_agentCompletedEmpty_isNullAndNoFailure() {
        StepResult<String> empty = Results.succeeded("a", 0, null);

        assertThat(empty.value()).isNull();
        assertThat(empty.isFailure()).isFalse();
    }
}
