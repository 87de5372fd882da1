package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All results of a round, ready to be read, counted and logged. */
class StepReportTest {

    @SafeVarargs
    private static StepReport<String> report(StepResult<String>... results) {
        ResultSink<String> sink = ResultSink.keepingAll();
        for (StepResult<String> result : results) {
            sink.accept(result);
        }
        return sink.report();
    }

    private static StepReport<String> report(List<StepResult<String>> results) {
        ResultSink<String> sink = ResultSink.keepingAll();
        results.forEach(sink::accept);
        return sink.report();
    }

    private static StepReport<String> lasting(int count) {
        List<StepResult<String>> results = new java.util.ArrayList<>(IntStream.rangeClosed(1, count)
                .mapToObj(millis -> Results.succeeded("a", millis, "x", Duration.ofMillis(millis)))
                .toList());
        Collections.shuffle(results, new java.util.Random(1));
        return report(results);
    }

    @Test
    void results_cameInAnotherOrder_areInInputOrder() {
        StepReport<String> report = report(
                Results.succeeded("c", 2, "C"),
                Results.failed("a", 0, Results.BOOM),
                Results.succeeded("d", 3, "D"),
                Results.succeeded("b", 1, "B"));

        assertThat(report.results()).extracting(StepResult::index).containsExactly(0L, 1L, 2L, 3L);
        assertThat(report.succeeded()).extracting(StepResult::index).containsExactly(1L, 2L, 3L);
        assertThat(report.values()).containsExactly("B", "C", "D");
    }

    @Test
    void resultsOf_sameAgentTwice_hasBothInInputOrder() {
        StepReport<String> report = report(
                Results.succeeded("a#1", 2, "second"),
                Results.succeeded("b", 1, "other"),
                Results.succeeded("a#1", 0, "first"),
                Results.succeeded("a#2", 3, "sibling"));

        assertThat(report.resultsOf(AgentId.of("a#1")))
                .extracting(StepResult::value)
                .containsExactly("first", "second");
        assertThat(report.resultsOf(AgentId.of("nobody"))).isEmpty();
        assertThatNullPointerException()
                .isThrownBy(() -> report.resultsOf((AgentId) null))
                .withMessage("agentId");
    }

    @Test
    void resultsOf_nameOfAnAgent_isThatAgentAlone() {
        StepReport<String> report = report(
                Results.succeeded("a#1", 1, "second"),
                Results.succeeded("a#1", 0, "first"),
                Results.failed("a", 2, Results.BOOM),
                Results.succeeded("a#2", 3, "sibling"));

        assertThat(report.resultsOf("a#1")).extracting(StepResult::value).containsExactly("first", "second");
        assertThat(report.resultsOf("a")).as("not its kind").hasSize(1);
        assertThat(report.resultsOf("b")).isEmpty();
        assertThatNullPointerException()
                .isThrownBy(() -> report.resultsOf((String) null))
                .withMessage("agent");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> report.resultsOf(" "))
                .withMessageContaining("kind must not be blank");
    }

    @Test
    void values_someAgentsCompletedEmpty_leavesThoseOut() {
        StepReport<String> report = report(
                Results.succeeded("a", 0, null),
                Results.degraded("b", 1, "B"),
                Results.failed("c", 2, Results.BOOM),
                Results.succeeded("d", 3, "D"));

        assertThat(report.values()).containsExactly("B", "D");
        assertThat(report.succeeded()).hasSize(3);
    }

    @Test
    void counts_oneOfEachKindAndTwoSucceeded_areCounted() {
        StepReport<String> report = report(
                Results.succeeded("a", 0, "A"),
                Results.succeeded("b", 1, "B"),
                Results.degraded("c", 2, "C"),
                Results.failed("d", 3, Results.BOOM),
                Results.timedOut("e", 4),
                Results.rejected("f", 5),
                Results.cancelled("g", 6));

        assertThat(report.size()).isEqualTo(7);
        assertThat(report.counts())
                .isEqualTo(Map.of(
                        StepResult.Kind.SUCCEEDED, 2L,
                        StepResult.Kind.DEGRADED, 1L,
                        StepResult.Kind.FAILED, 1L,
                        StepResult.Kind.TIMED_OUT, 1L,
                        StepResult.Kind.REJECTED, 1L,
                        StepResult.Kind.CANCELLED, 1L));
        assertThat(report.count(StepResult.Kind.SUCCEEDED)).isEqualTo(2);
        assertThat(report.failureCount()).isEqualTo(4);
        assertThat(report.failures())
                .extracting(StepResult::kind)
                .containsExactly(
                        StepResult.Kind.FAILED,
                        StepResult.Kind.TIMED_OUT,
                        StepResult.Kind.REJECTED,
                        StepResult.Kind.CANCELLED);
    }

    @Test
    void counts_kindThatDoesNotOccur_isLeftOut() {
        assertThat(report(Results.succeeded("a", 0, "A")).counts()).containsOnlyKeys(StepResult.Kind.SUCCEEDED);
        assertThat(report(Results.succeeded("a", 0, "A")).count(StepResult.Kind.FAILED))
                .isZero();
        assertThat(report().counts()).isEmpty();
    }

    @Test
    void durations_noResults_areZero() {
        assertThat(report().durations())
                .isEqualTo(new StepReport.Durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO));
    }

    @Test
    void durations_oneResult_areAllItsOwn() {
        assertThat(lasting(1).durations()).isEqualTo(durations(1, 1, 1, 1));
    }

    @Test
    void durations_twoResults_areNearestRank() {
        assertThat(lasting(2).durations()).isEqualTo(durations(1, 1, 2, 2));
    }

    @Test
    void durations_99Results_areNearestRank() {
        assertThat(lasting(99).durations()).isEqualTo(durations(1, 50, 99, 99));
    }

    @Test
    void durations_100Results_areNearestRank() {
        assertThat(lasting(100).durations()).isEqualTo(durations(1, 50, 99, 100));
    }

    @Test
    void durations_101Results_areNearestRank() {
        assertThat(lasting(101).durations()).isEqualTo(durations(1, 51, 100, 101));
    }

    private static StepReport.Durations durations(int min, int median, int p99, int max) {
        return new StepReport.Durations(
                Duration.ofMillis(min), Duration.ofMillis(median), Duration.ofMillis(p99), Duration.ofMillis(max));
    }

    @Test
    void orThrow_noFailure_isTheReport() {
        StepReport<String> report = report(Results.succeeded("a", 0, "A"), Results.degraded("b", 1, "B"));

        assertThat(report.orThrow()).isSameAs(report);
        assertThat(report().orThrow().results()).isEmpty();
    }

    @Test
    void orThrow_failures_carriesTheReportAndTheFirstCauseInInputOrder() {
        StepReport<String> report = report(
                Results.failed("b", 1, new IllegalStateException("later")),
                Results.failed("a", 0, Results.BOOM),
                Results.succeeded("c", 2, "C"));

        RoundFailedException thrown = catchThrowableOfType(RoundFailedException.class, report::orThrow);

        assertThat(thrown.report()).isSameAs(report);
        assertThat(thrown).hasCause(Results.BOOM).hasMessage(report.toString());
    }

    @Test
    void toString_mixedResults_saysWhatOneWantsToKnow() {
        StepReport<String> report = report(
                Results.succeeded("a", 0, "A"), Results.failed("b#2", 1, new IllegalStateException("no such folder")));

        assertThat(report)
                .hasToString(
                        "2 steps: 1 succeeded, 1 failed; min 1.000 ms, median 1.000 ms, p99 1.000 ms, max 1.000 ms;"
                                + " failures: b#2 (index 1) FAILED java.lang.IllegalStateException: no such folder");
    }

    @Test
    void toString_noResults_isShort() {
        assertThat(report()).hasToString("0 steps");
        assertThat(report(Results.succeeded("a", 0, "A"))).asString().startsWith("1 step: 1 succeeded;");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6})
    void toString_aroundFiveFailures_writesFiveAndCountsTheOthers(int failures) {
        String text = report(IntStream.range(0, failures)
                        .mapToObj(at -> Results.failed("a", at, Results.BOOM))
                        .toList())
                .toString();

        assertThat(text.split("boom", -1)).hasSize(Math.min(failures, 5) + 1);
        if (failures > 5) {
            assertThat(text).endsWith("; and 1 more");
        } else {
            assertThat(text).doesNotContain("more");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void toString_fewerFailuresKeptThanCounted_countsThoseNotWritten(int kept) {
        ResultSink<String> sink = ResultSink.keepingFailures(kept);
        for (int at = 0; at < 2; at++) {
            sink.accept(Results.failed("a", at, Results.BOOM));
        }

        String text = sink.report().toString();

        assertThat(text.split("boom", -1)).hasSize(kept + 1);
        switch (kept) {
            case 0 -> assertThat(text).isEqualTo("2 steps: 2 failed");
            case 1 -> assertThat(text).endsWith("boom; and 1 more");
            default -> assertThat(text).endsWith("boom").doesNotContain("more");
        }
    }

    @Test
    void toString_causeWithLineBreaks_isOneLine() {
        String text = report(Results.failed(
                        "a",
                        0,
                        new IllegalStateException("one\r\ntwo\nthree\u2028four\u2029five\u0085six\u0000\u001b[31m")))
                .toString();

        assertThat(text).contains("one", "six").doesNotContainPattern("[\\p{Cntrl}\\u0085\\u2028\\u2029]");
    }

    @Test
    void toString_causeWhoseToStringThrows_isWrittenAllTheSame() {
        String text = report(Results.failed("a", 0, new Unreadable())).toString();

        assertThat(text).contains("Unreadable (whose message cannot be read)");
    }

    @Test
    void toString_causeWhoseToStringIsNull_isWrittenAllTheSame() {
        String text = report(Results.failed("a", 0, new Nameless())).toString();

        assertThat(text).contains("Nameless (whose message cannot be read)");
    }

    @ParameterizedTest
    @ValueSource(ints = {499, 500, 501})
    void toString_causeAroundTheMostCharacters_isCut(int length) {
        Throwable cause = new Written("x".repeat(length));

        String text = report(Results.failed("a", 0, cause)).toString();

        assertThat(text).endsWith("FAILED " + (length > 500 ? "x".repeat(500) + "…" : "x".repeat(length)));
    }

    @Test
    void lists_areNotToBeChanged() {
        StepReport<String> report = report(Results.succeeded("a", 0, "A"), Results.failed("b", 1, Results.BOOM));

        assertThat(report.results()).isUnmodifiable();
        assertThat(report.succeeded()).isUnmodifiable();
        assertThat(report.failures()).isUnmodifiable();
        assertThat(report.values()).isUnmodifiable();
        assertThat(report.counts()).isUnmodifiable();
    }

    @SuppressWarnings("OverrideThrowableToString") // it is toString that is written
    private static class Written extends RuntimeException {
        private final String text;

        Written(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class Nameless extends Written {
        Nameless() {
            super(null);
        }
    }

    @SuppressWarnings("OverrideThrowableToString") // it is toString that is written
    private static final class Unreadable extends RuntimeException {
        @Override
        public String toString() {
            throw new IllegalStateException("unreadable");
        }
    }
}
