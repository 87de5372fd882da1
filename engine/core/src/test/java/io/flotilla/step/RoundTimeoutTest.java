package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** The time limit of a whole round: what is there is kept, and the rest is told why it is not. */
@Timeout(30)
@ExtendWith(NothingDropped.class)
class RoundTimeoutTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final AtomicInteger called = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();

    @BeforeEach
    void virtual() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void real() {
        VirtualTimeScheduler.reset();
    }

    private Agent<String, String> silent(String id) {
        return Agent.of(id, (input, context) -> {
            called.incrementAndGet();
            return Mono.<String>never().doOnCancel(cancelled::incrementAndGet);
        });
    }

    private List<Agent<String, String>> oneAnswersAndOthersAreSilent(int silent) {
        List<Agent<String, String>> agents = new ArrayList<>(List.of(TestAgents.answering("quick")));
        IntStream.range(0, silent).mapToObj(at -> silent("silent#" + at)).forEach(agents::add);
        return agents;
    }

    private static StepEngine.Builder engine() {
        return StepEngine.builder().concurrency(2).roundTimeout(SECOND);
    }

    // --- what is in the report

    @Test
    void run_limitPasses_resultsAreKeptAndTheRestIsTimedOutAndSaysWhy() {
        List<StepReport<String>> reports = new ArrayList<>();
        engine().build()
                .<String, String>run(oneAnswersAndOthersAreSilent(4), "go")
                .subscribe(reports::add);
        time.advanceTimeBy(SECOND.minusNanos(1));
        assertThat(reports).isEmpty();
        time.advanceTimeBy(Duration.ofNanos(1));

        StepReport<String> report = reports.get(0);
        assertThat(report.values()).containsExactly("quick");
        assertThat(report.results()).extracting(StepResult::index).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(report.failures())
                .allSatisfy(failure -> assertThat(((StepResult.TimedOut<String>) failure).limit())
                        .isEqualTo(SECOND));
        assertThat(report.failures())
                .extracting(failure -> failure.attempts() + " " + failure.duration() + " "
                        + failure.cause().getMessage())
                .containsExactly(
                        "1 PT1S agent silent#0 was still at work when the round timeout of PT1S passed",
                        "1 PT1S agent silent#1 was still at work when the round timeout of PT1S passed",
                        "0 PT0S agent silent#2 had not been started when the round timeout of PT1S passed",
                        "0 PT0S agent silent#3 had not been started when the round timeout of PT1S passed");
        assertThat(called).hasValue(2);
        assertThat(cancelled).hasValue(2);
    }

    @Test
    void run_limitPassesWhileItWaitsForPermits_restIsTimedOutAtOnceAndPermitsAreFree() {
        StepEngine engine = StepEngine.builder().noIdleTimeout().maxInFlight(1).build();
        engine.<String, String>run(List.of(silent("keeper")), "go").subscribe();
        StepEngine limited = engine.withRoundTimeout(SECOND);
        List<StepReport<String>> reports = new ArrayList<>();
        limited.<String, String>run(oneAnswersAndOthersAreSilent(4), "go").subscribe(reports::add);
        List<StepResult<String>> ofPairs = new ArrayList<>();
        limited.<String, String>stream(
                        Flux.fromIterable(oneAnswersAndOthersAreSilent(4)).map(agent -> Tuples.of(agent, "go")))
                .subscribe(ofPairs::add);
        time.advanceTimeBy(SECOND.minusNanos(1));
        assertThat(reports).isEmpty();
        time.advanceTimeBy(Duration.ofNanos(1));

        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).failures())
                .hasSize(5)
                .allSatisfy(failure -> assertThat(failure.cause())
                        .hasMessageEndingWith("had not been started when the round timeout of PT1S passed"));
        assertThat(ofPairs).isNotEmpty().allMatch(StepResult::isFailure);
        assertThat(called).as("the keeper alone").hasValue(1);
    }

    @Test
    void run_endsBeforeTheLimit_noTimerIsLeft() {
        CountingTimer timer = new CountingTimer(time);
        StepReport<String> report = engine().timeoutScheduler(() -> timer)
                .build()
                .<String, String>run(TestAgents.manyAnswering(5), "go")
                .block();

        assertThat(report.values()).hasSize(5);
        assertThat(timer.armed).as("that of the round").hasValue(1);
        assertThat(timer.open).hasValue(0);
    }

    @Test
    void run_cancelled_noTimerIsLeft() {
        CountingTimer timer = new CountingTimer(time);
        engine().timeoutScheduler(() -> timer)
                .build()
                .<String, String>run(oneAnswersAndOthersAreSilent(1), "go")
                .subscribe()
                .dispose();

        assertThat(timer.open).hasValue(0);
        assertThat(cancelled).hasValue(1);
    }

    @Test
    void run_noAgents_emptyReportAtOnce() {
        assertThat(engine().build().<String, String>run(List.of(), "go").block().results())
                .isEmpty();
    }

    @Test
    void run_stepTimeoutIsShorter_itsCauseIsTheStepTimeout() {
        List<StepReport<String>> reports = new ArrayList<>();
        engine().concurrency(1)
                .stepTimeout(Duration.ofMillis(600))
                .build()
                .<String, String>run(List.of(silent("a"), silent("b"), silent("c")), "go")
                .subscribe(reports::add);
        time.advanceTimeBy(SECOND);

        assertThat(reports.get(0).failures())
                .extracting(
                        failure -> failure.duration() + " " + failure.cause().getMessage())
                .containsExactly(
                        "PT0.6S agent a passed the step timeout of PT0.6S; 2 steps of the round had not been started yet,"
                                + " concurrency is 1",
                        "PT0.4S agent b was still at work when the round timeout of PT1S passed",
                        "PT0S agent c had not been started when the round timeout of PT1S passed");
    }

    @Test
    void run_noStepTimeoutOrOwnOnes_theRoundsLimitCounts() {
        for (StepEngine engine : List.of(
                engine().noStepTimeout().build(),
                engine().noStepTimeout().stepTimeoutForKind("other", SECOND).build(),
                engine().stepTimeoutForKind("a", Duration.ofHours(1)).build())) {
            List<StepReport<String>> reports = new ArrayList<>();
            engine.<String, String>run(List.of(silent("a")), "go").subscribe(reports::add);
            time.advanceTimeBy(SECOND);

            assertThat(reports.get(0).results().get(0).cause()).hasMessageContaining("round timeout of PT1S");
        }
    }

    @Test
    void run_deadlineOfTheContext_isNeverAfterThatOfTheRound() {
        List<Instant> deadlines = new CopyOnWriteArrayList<>();
        Instant began = Instant.ofEpochMilli(time.now(TimeUnit.MILLISECONDS));
        Agent<String, String> noting = Agent.of("a", (input, context) -> {
            deadlines.add(context.deadline());
            return Mono.delay(Duration.ofMillis(900)).thenReturn("done");
        });
        engine().concurrency(1)
                .stepTimeout(Duration.ofMillis(950))
                .build()
                .<String, String>run(List.of(noting, noting), "go")
                .subscribe();
        time.advanceTimeBy(SECOND);

        assertThat(deadlines).containsExactly(began.plusMillis(950), began.plus(SECOND));
    }

    // --- failure modes

    @Test
    void run_failFast_isTheFailureOfTheFirstThatIsCutOff() {
        StepVerifier.create(engine().failureMode(FailureMode.FAIL_FAST)
                        .build()
                        .<String, String>run(oneAnswersAndOthersAreSilent(4), "go"))
                .then(() -> time.advanceTimeBy(SECOND))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(StepFailedException.class)
                        .hasMessageContaining("silent#0")
                        .hasMessageContaining("round timeout of PT1S"))
                .verify(Duration.ofSeconds(10));
        assertThat(cancelled).hasValue(2);
    }

    @Test
    void run_failAtEnd_theReportIsComplete() {
        StepVerifier.create(engine().failureMode(FailureMode.FAIL_AT_END)
                        .build()
                        .<String, String>run(oneAnswersAndOthersAreSilent(4), "go"))
                .then(() -> time.advanceTimeBy(SECOND))
                .expectErrorSatisfies(error -> assertThat(
                                ((RoundFailedException) error).report().size())
                        .isEqualTo(5))
                .verify(Duration.ofSeconds(10));
    }

    // --- streams

    @Test
    void stream_slowSubscriber_theRestComesAsItIsAskedFor() {
        StepVerifier.create(engine().build().<String, String>stream(Collections.nCopies(1_000, silent("a")), "go"), 0)
                .then(() -> time.advanceTimeBy(SECOND))
                .thenRequest(3)
                .expectNextCount(3)
                .expectNoEvent(Duration.ofMillis(10))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(997)
                .expectComplete()
                .verify(Duration.ofSeconds(10));
        assertThat(called).hasValue(2);
    }

    @Test
    void streamOfPairs_limitPasses_sourceIsCancelledAndWhatHasComeIsTimedOut() {
        TestPublisher<Tuple2<Agent<String, String>, String>> pairs = TestPublisher.create();
        List<StepResult<String>> results = new ArrayList<>();
        List<String> ends = new ArrayList<>();
        engine().build().stream(pairs.flux())
                .doOnComplete(() -> ends.add("complete"))
                .subscribe(results::add);
        pairs.next(Tuples.of(TestAgents.answering("quick"), "go"));
        pairs.next(Tuples.of(silent("silent"), "go"));
        time.advanceTimeBy(SECOND);

        assertThat(results)
                .extracting(StepResult::kind)
                .containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.TIMED_OUT);
        assertThat(ends).containsExactly("complete");
        pairs.assertCancelled();
        assertThat(cancelled).hasValue(1);
    }

    @Test
    void streamOfPairs_sourceGoesOnAfterItsCancel_nothingMoreIsStarted() {
        TestPublisher<Tuple2<Agent<String, String>, String>> deaf =
                TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
        List<StepResult<String>> results = new ArrayList<>();
        engine().build().stream(deaf.flux()).subscribe(results::add);
        deaf.next(Tuples.of(silent("a"), "go"));
        time.advanceTimeBy(SECOND);
        deaf.next(Tuples.of(silent("b"), "go"));

        assertThat(results).hasSize(1);
        assertThat(called).hasValue(1);
    }

    @Test
    void streamOfPairs_cutWhileItBrings_everyPairThatWasTakenHasAResult() {
        VirtualTimeScheduler.reset(); // threads
        for (int round = 0; round < 200; round++) {
            AtomicInteger brought = new AtomicInteger();
            long results = StepEngine.builder().roundTimeout(Duration.ofMillis(1)).build().stream(
                            Flux.<Tuple2<Agent<String, String>, String>>generate(sink -> {
                                        brought.incrementAndGet();
                                        sink.next(Tuples.of(TestAgents.answering("a"), "go"));
                                    })
                                    .subscribeOn(Schedulers.parallel()))
                    .count()
                    .block(Duration.ofSeconds(10));
            assertThat(results).isBetween(0L, (long) brought.get());
        }
    }

    // --- what keeps a thread

    @Test
    void run_bodyBlocksTheStarter_theRestIsTimedOutAllTheSame() throws InterruptedException {
        VirtualTimeScheduler.reset();
        CountDownLatch free = new CountDownLatch(1);
        Agent<String, String> blocks = Agent.of("blocks", (input, context) -> {
            try {
                free.await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
            return Mono.never();
        });
        List<StepReport<String>> reports = new CopyOnWriteArrayList<>();
        CountDownLatch done = new CountDownLatch(1);
        Thread subscriber = new Thread(() -> StepEngine.builder()
                .roundTimeout(Duration.ofMillis(50))
                .build()
                .<String, String>run(List.of(blocks, silent("silent")), "go")
                .subscribe(report -> {
                    reports.add(report);
                    done.countDown();
                }));
        subscriber.start();
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        free.countDown();
        subscriber.join(10_000);

        assertThat(reports.get(0).results()).extracting(StepResult::kind).containsOnly(StepResult.Kind.TIMED_OUT);
        assertThat(reports.get(0).results().get(0).cause()).hasMessageContaining("blocks was still at work");
    }

    @Test
    void run_cancelHandlerKeepsTheThread_theOtherResultsAreThere() throws InterruptedException {
        VirtualTimeScheduler.reset();
        CountDownLatch free = new CountDownLatch(1);
        Agent<String, String> kept = Agent.of(
                "kept",
                (input, context) -> Mono.<String>never().doOnCancel(() -> {
                    try {
                        free.await();
                    } catch (InterruptedException stop) {
                        Thread.currentThread().interrupt();
                    }
                }));

        StepReport<String> report = StepEngine.builder()
                .roundTimeout(Duration.ofMillis(50))
                .build()
                .<String, String>run(List.of(kept, silent("silent")), "go")
                .block(Duration.ofSeconds(10));
        free.countDown();

        assertThat(report.failureCount()).isEqualTo(2);
    }

    @Test
    void streamOfPairs_cancelOfTheSourceKeepsTheThread_theRoundEndsAllTheSame() {
        VirtualTimeScheduler.reset();
        CountDownLatch free = new CountDownLatch(1);
        Flux<Tuple2<Agent<String, String>, String>> pairs = Flux.<Tuple2<Agent<String, String>, String>>never()
                .startWith(Tuples.of(silent("silent"), "go"))
                .doOnCancel(() -> {
                    try {
                        free.await();
                    } catch (InterruptedException stop) {
                        Thread.currentThread().interrupt();
                    }
                });

        Long results = StepEngine.builder().roundTimeout(Duration.ofMillis(50)).build().stream(pairs)
                .count()
                .block(Duration.ofSeconds(10));
        free.countDown();

        assertThat(results).isOne();
    }

    // --- where it applies

    @Test
    void step_isNoRound_onlyItsStepTimeoutCounts() {
        List<StepResult<String>> results = new ArrayList<>();
        engine().stepTimeout(Duration.ofSeconds(3))
                .build()
                .<String, String>step(silent("a"), "go")
                .subscribe(results::add);
        time.advanceTimeBy(Duration.ofSeconds(2));
        assertThat(results).isEmpty();
        time.advanceTimeBy(SECOND);

        assertThat(results).hasSize(1);
    }

    @Test
    void withRoundTimeout_andBuilderOfIt_haveTheLimit() {
        StepEngine engine = StepEngine.builder().build();

        assertThat(engine.roundTimeout()).isNull();
        assertThat(engine.withRoundTimeout(SECOND).roundTimeout()).isEqualTo(SECOND);
        assertThat(engine.withRoundTimeout(SECOND).withOrder(Order.SEQUENTIAL).roundTimeout())
                .isEqualTo(SECOND);
        assertThat(engine.withRoundTimeout(SECOND).toBuilder().build().roundTimeout())
                .isEqualTo(SECOND);
        assertThat(engine.withRoundTimeout(SECOND))
                .hasToString(
                        "StepEngine[concurrency=256, stepTimeout=PT10M, idleTimeout=PT1M, roundTimeout=PT1S, order="
                                + Order.PARALLEL + ", failureMode=ISOLATE]");
    }

    @Test
    void roundTimeout_badValues_areRefusedAtOnce() {
        StepEngine.Builder builder = StepEngine.builder();
        StepEngine engine = builder.build();

        assertThatNullPointerException().isThrownBy(() -> builder.roundTimeout(null));
        assertThatNullPointerException().isThrownBy(() -> engine.withRoundTimeout(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.roundTimeout(Duration.ZERO))
                .withMessage("roundTimeout must be > 0, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> engine.withRoundTimeout(Duration.ofMillis(-1)))
                .withMessage("roundTimeout must be > 0, was PT-0.001S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.roundTimeout(Duration.ofDays(200_000)))
                .withMessage("roundTimeout must be <= 292 years, was PT4800000H");
    }
}
