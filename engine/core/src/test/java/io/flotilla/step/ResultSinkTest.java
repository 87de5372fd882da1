package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.util.RaceTestUtils;

/** Results are counted while they pass, and pass unchanged. */
@Timeout(30)
class ResultSinkTest {

    private static final StepResult<String> GOOD = Results.succeeded("a", 0, "A");
    private static final StepResult<String> BAD = Results.failed("b", 1, Results.BOOM);

    @Test
    void tap_results_areTheSameAndCounted() {
        ResultSink<String> sink = ResultSink.keepingAll();

        StepVerifier.create(sink.tap(Flux.just(BAD, GOOD)))
                .expectNext(BAD, GOOD)
                .verifyComplete();

        assertThat(sink.report().results()).containsExactly(GOOD, BAD);
        assertThat(sink.report().failureCount()).isEqualTo(1);
    }

    @Test
    void tap_error_passesItOnAndKeepsWhatCameBefore() {
        ResultSink<String> sink = ResultSink.keepingAll();

        StepVerifier.create(sink.tap(Flux.just(GOOD).concatWith(Flux.error(Results.BOOM))))
                .expectNext(GOOD)
                .verifyErrorSatisfies(cause -> assertThat(cause).isSameAs(Results.BOOM));

        assertThat(sink.report().results()).containsExactly(GOOD);
    }

    @Test
    void tap_demandAndCancel_reachTheResults() {
        TestPublisher<StepResult<String>> results = TestPublisher.create();
        ResultSink<String> sink = ResultSink.keepingAll();

        StepVerifier.create(sink.tap(results), 0)
                .then(results::assertWasNotRequested)
                .thenRequest(1)
                .then(results::assertWasRequested)
                .then(() -> results.next(GOOD))
                .expectNext(GOOD)
                .thenCancel()
                .verify();

        results.assertCancelled();
    }

    @Test
    void tap_twoStreams_countsOn() {
        ResultSink<String> sink = ResultSink.keepingAll();

        sink.tap(Flux.just(GOOD)).blockLast();
        sink.tap(Flux.just(GOOD)).blockLast();

        assertThat(sink.report().size()).isEqualTo(2);
    }

    @Test
    void keepingAll_manyResults_keepsEach() {
        ResultSink<String> sink = ResultSink.keepingAll();

        sink.tap(Flux.range(0, 1_000).map(at -> Results.succeeded("a", at, "x")))
                .blockLast();

        assertThat(sink.report().results()).hasSize(1_000);
    }

    @ParameterizedTest(name = "at most {0} of {1}")
    @CsvSource({"0, 0", "0, 1", "1, 0", "1, 1", "1, 2", "5, 4", "5, 5", "5, 6"})
    void keepingFailures_belowAtAndAboveTheMost_keepsTheFirstAndCountsAll(int most, int failures) {
        ResultSink<String> sink = ResultSink.keepingFailures(most);

        sink.accept(GOOD);
        for (int at = 0; at < failures; at++) {
            sink.accept(Results.failed("b", at, Results.BOOM));
        }

        StepReport<String> report = sink.report();
        assertThat(report.results())
                .extracting(StepResult::index)
                .containsExactlyElementsOf(IntStream.range(0, Math.min(most, failures))
                        .mapToObj(Long::valueOf)
                        .toList());
        assertThat(report.failureCount()).isEqualTo(failures);
        assertThat(report.size()).isEqualTo(failures + 1);
        assertThat(report.count(StepResult.Kind.SUCCEEDED)).isEqualTo(1);
    }

    @Test
    void keepingFailures_failuresNotKept_orThrowThrowsAllTheSame() {
        ResultSink<String> sink = ResultSink.keepingFailures(0);
        sink.accept(BAD);

        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> sink.report().orThrow()))
                .isInstanceOf(RoundFailedException.class)
                .hasNoCause();
    }

    @Test
    void keepingFailures_negative_throwsWithTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResultSink.keepingFailures(-1))
                .withMessage("atMost must be >= 0, was -1");
    }

    @Test
    void accept_fromManyThreads_losesNothing() {
        int threads = 4;
        int results = 50_000;
        ResultSink<String> sink = ResultSink.keepingAll();
        Runnable[] feeders = new Runnable[threads];
        for (int thread = 0; thread < threads; thread++) {
            int from = thread * results;
            // Made before the race, so that the threads meet in the sink and not in the making.
            List<StepResult<String>> made = IntStream.range(from, from + results)
                    .mapToObj(at -> Results.succeeded("a", at, "x"))
                    .toList();
            feeders[thread] = () -> made.forEach(sink::accept);
        }

        RaceTestUtils.race(Schedulers.boundedElastic(), feeders);

        assertThat(sink.report().size()).isEqualTo((long) threads * results);
        assertThat(sink.report().results().stream().map(StepResult::index).toList())
                .as("each once, in input order")
                .isEqualTo(LongStream.range(0, (long) threads * results).boxed().toList());
    }

    @Test
    void report_moreResultsAfterIt_doesNotChange() {
        ResultSink<String> sink = ResultSink.keepingAll();
        sink.accept(GOOD);
        StepReport<String> before = sink.report();

        sink.accept(BAD);

        assertThat(before.results()).isEqualTo(List.of(GOOD));
        assertThat(before.size()).isEqualTo(1);
        assertThat(before.failureCount()).isZero();
        assertThat(sink.report().size()).isEqualTo(2);
    }

    @Test
    void accept_null_throws() {
        ResultSink<String> sink = ResultSink.keepingAll();

        assertThatNullPointerException().isThrownBy(() -> sink.accept(null));
        assertThatNullPointerException().isThrownBy(() -> sink.tap(null)).withMessage("results");
        assertThat(sink.report().size()).isZero();
    }
}
