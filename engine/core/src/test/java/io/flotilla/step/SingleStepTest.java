package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.test.util.RaceTestUtils;

/** One step as a Mono. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class SingleStepTest {

    private static final StepEngine ENGINE = StepEngine.builder().build();
    private static final Agent<String, String> WORKER = TestAgents.answering("worker");
    private static final Agent<String, String> BROKEN = TestAgents.failing("broken", new IllegalStateException("boom"));

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(10));
    }

    // --- arguments

    @Test
    @SuppressWarnings("NullAway")
    void step_nullArguments_theCallItselfThrows() {
        assertThatNullPointerException()
                .isThrownBy(() -> ENGINE.step(null, "go"))
                .withMessage("agent");
        assertThatNullPointerException()
                .isThrownBy(() -> ENGINE.step(WORKER, null))
                .withMessage("input");
    }

    // --- the result

    @Test
    void step_answers_oneResultThenTheEnd() {
        StepVerifier.create(ENGINE.step(WORKER, "go"))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
                    assertThat(result.agentId()).isEqualTo(WORKER.id());
                    assertThat(result.index()).isZero();
                    assertThat(result.attempts()).isEqualTo(1);
                    assertThat(result.value()).isEqualTo("worker");
                })
                .verifyComplete();
    }

    @Test
    void step_subscribedTwice_twoStepsWithIdsOfTheirOwn() {
        List<String> ids = new ArrayList<>();
        Agent<String, String> noting = Agent.of("noting", (input, context) -> {
            ids.add(context.runId());
            return Mono.just(context.stepId());
        });
        Mono<StepResult<String>> step = ENGINE.step(noting, "go");

        assertThat(ids).isEmpty();
        StepVerifier.create(step).expectNextCount(1).verifyComplete();
        StepVerifier.create(step).expectNextCount(1).verifyComplete();
        assertThat(ids).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void step_withoutDemand_theResultWaits() {
        StepVerifier.create(ENGINE.step(WORKER, "go"), 0)
                .expectSubscription()
                .thenRequest(1)
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void step_cancelled_theBodySeesItOnce() {
        TestPublisher<String> body = TestPublisher.create();
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        ENGINE.step(Agent.<String, String>of("silent", (input, context) -> body.mono()), "go")
                .subscribe(subscriber);

        subscriber.cancel();
        subscriber.cancel();

        body.assertCancelled(1);
        assertThat(subscriber.getReceivedOnNext()).isEmpty();
        assertThat(subscriber.isTerminated()).isFalse();
    }

    @Test
    void step_stepTimeoutPasses_isTimedOutAndTheBodyIsCancelled() {
        TestPublisher<String> body = TestPublisher.create();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> body.mono());
        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .stepTimeout(Duration.ofSeconds(3))
                        .build()
                        .step(silent, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
                    assertThat(result.cause()).hasMessage("agent silent passed the step timeout of PT3S");
                })
                .verifyComplete();
        body.assertCancelled(1);
    }

    // --- failure modes

    @Test
    void step_failsInIsolate_isAResult() {
        StepVerifier.create(ENGINE.step(BROKEN, "go"))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED))
                .verifyComplete();
    }

    @Test
    void step_failsInFailFast_isTheErrorThatNamesTheAgent() {
        StepVerifier.create(ENGINE.withFailureMode(FailureMode.FAIL_FAST).step(BROKEN, "go"))
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(StepFailedException.class, failed -> {
                            assertThat(failed.failure().agentId()).isEqualTo(BROKEN.id());
                            assertThat(failed.failure().kind()).isEqualTo(StepResult.Kind.FAILED);
                        }));
    }

    @Test
    void step_failsInFailAtEnd_isTheErrorWithAReportOfTheOneResult() {
        StepVerifier.create(ENGINE.withFailureMode(FailureMode.FAIL_AT_END).step(BROKEN, "go"))
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                RoundFailedException.class,
                                failed -> assertThat(failed.report().failures())
                                        .singleElement()
                                        .satisfies(result ->
                                                assertThat(result.agentId()).isEqualTo(BROKEN.id()))));
    }

    @Test
    void step_succeedsInEveryMode_isAResult() {
        for (FailureMode mode : FailureMode.values()) {
            StepVerifier.create(ENGINE.withFailureMode(mode).step(WORKER, "go"))
                    .assertNext(result -> assertThat(result.value()).isEqualTo("worker"))
                    .verifyComplete();
        }
    }

    @Test
    void step_mergedInFailFast_theFirstFailureCancelsTheOthers() {
        TestPublisher<String> silent = TestPublisher.create();
        StepEngine failFast = ENGINE.withFailureMode(FailureMode.FAIL_FAST);
        Agent<String, String> waiting = Agent.of("waiting", (input, context) -> silent.mono());

        StepVerifier.create(Flux.merge(failFast.step(waiting, "go"), failFast.step(BROKEN, "go")))
                .verifyError(StepFailedException.class);
        silent.assertCancelled(1);
    }

    // --- as in a round

    @Test
    void step_zippedWithAnotherType_bothValuesAreThere() {
        Agent<String, Integer> counting = Agent.of("counting", (input, context) -> Mono.just(input.length()));

        StepVerifier.create(Mono.zip(ENGINE.step(WORKER, "go"), ENGINE.step(counting, "four")))
                .assertNext(both -> {
                    assertThat(both.getT1().value()).isEqualTo("worker");
                    assertThat(both.getT2().value()).isEqualTo(4);
                })
                .verifyComplete();
    }

    @Test
    void step_intoASink_isCountedAsTheStreamsResultsAre() {
        ResultSink<String> sink = ResultSink.keepingAll();

        StepVerifier.create(Flux.merge(ENGINE.step(WORKER, "go"), ENGINE.step(BROKEN, "go"))
                        .transform(sink::tap))
                .expectNextCount(2)
                .verifyComplete();
        assertThat(sink.report().size()).isEqualTo(2);
        assertThat(sink.report().failureCount()).isEqualTo(1);
    }

    @Test
    void step_fails_isInTheFeedOnce() {
        StepEngine engine = StepEngine.builder().build();

        StepVerifier.create(engine.failures().take(1))
                .then(() -> engine.step(BROKEN, "go").block(Duration.ofSeconds(10)))
                .assertNext(failure -> assertThat(failure.agentId()).isEqualTo(BROKEN.id()))
                .verifyComplete();
    }

    @Test
    void step_withAnInterceptor_itsRetryCountsAttempts() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> flaky = Agent.of("flaky", (input, context) -> {
            if (calls.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
            }
            return Mono.just("attempt " + context.attempt());
        });
        StepEngine retrying = StepEngine.builder()
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        return attempts.retry(2);
                    }
                })
                .build();

        StepVerifier.create(retrying.step(flaky, "go"))
                .assertNext(result -> {
                    assertThat(result.attempts()).isEqualTo(3);
                    assertThat(result.value()).isEqualTo("attempt 3");
                })
                .verifyComplete();
    }

    // --- code of the user's that misbehaves

    @Test
    void step_bodyKeepsTheThread_isTimedOutOnAnotherAndTheThreadComesBackLater() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch subscribed = new CountDownLatch(1);
        Agent<String, String> keeping = Agent.of(
                "keeping",
                (input, context) -> Mono.fromCallable(() -> {
                    never.await();
                    return "late";
                }));
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        Mono<StepResult<String>> step =
                StepEngine.builder().stepTimeout(Duration.ofMillis(60)).build().step(keeping, "go");
        Thread caller = new Thread(() -> {
            step.subscribe(subscriber);
            subscribed.countDown();
        });
        caller.start();

        subscriber.block(Duration.ofSeconds(10));
        assertThat(subscriber.getReceivedOnNext())
                .singleElement()
                .satisfies(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT));
        assertThat(subscribed.getCount()).as("the body still has the thread").isEqualTo(1);
        never.countDown();
        assertThat(subscribed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(subscriber.getReceivedOnNext()).hasSize(1);
    }

    /** One that is a step alone, and those that are a round of one. */
    static Stream<StepEngine.Builder> engines() {
        return Stream.of(
                StepEngine.builder(),
                StepEngine.builder().maxInFlight(8),
                StepEngine.builder().interceptor(new StepInterceptor() {}),
                StepEngine.builder().meterRegistry(new SimpleMeterRegistry()));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void step_clockThrows_isAFailedResult(StepEngine.Builder builder) {
        Clock broken = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                throw new IllegalStateException("no time");
            }
        };

        StepVerifier.create(builder.clock(broken).build().step(WORKER, "go"))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
                    assertThat(result.cause()).hasMessage("no time");
                })
                .verifyComplete();
    }

    @Test
    void step_timeoutSchedulerThrows_isAFailedResultThatIsReported() {
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> {
                    throw new IllegalStateException("no timer");
                })
                .build();
        TestSubscriber<StepFailure> failures = TestSubscriber.create();
        engine.failures().take(2).subscribe(failures);

        StepVerifier.create(Flux.just(1, 2).flatMap(any -> engine.step(WORKER, "go")))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
                    assertThat(result.agentId()).isEqualTo(WORKER.id());
                    assertThat(result.attempts()).isZero();
                    assertThat(result.cause()).hasMessage("no timer");
                })
                .expectNextCount(1)
                .verifyComplete();
        failures.block(Duration.ofSeconds(10));
        assertThat(failures.getReceivedOnNext()).hasSize(2);
    }

    @Test
    void step_timerIsDisposedOfWhileItWaits_isAFailedResult() {
        Scheduler own = Schedulers.newSingle("own-timer");
        Agent<String, String> silent = TestAgents.silent("silent");
        Mono<StepResult<String>> step =
                StepEngine.builder().timeoutScheduler(() -> own).build().step(silent, "go");

        for (int time = 0; time < 2; time++) {
            StepVerifier.create(step)
                    .then(own::dispose)
                    .assertNext(result -> {
                        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
                        assertThat(result.cause()).isInstanceOf(RejectedExecutionException.class);
                    })
                    .verifyComplete();
        }
    }

    @Test
    void step_cancelledByOnSubscribe_theAgentIsNotCalled() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> counting = Agent.of("counting", (input, context) -> {
            calls.incrementAndGet();
            return Mono.just("done");
        });

        StepVerifier.create(ENGINE.step(counting, "go"), 0)
                .expectSubscription()
                .thenRequest(1)
                .expectNextCount(1)
                .verifyComplete();
        ENGINE.step(counting, "go").subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                cancel();
            }
        });

        assertThat(calls).hasValue(1);
    }

    @Test
    void step_bodyLeavesItsInterruptFlagSet_theSubscribersThreadIsNotInterrupted() {
        Agent<String, String> interrupting = Agent.of(
                "interrupting",
                (input, context) -> Mono.fromCallable(() -> {
                    Thread.currentThread().interrupt();
                    return "done";
                }));

        StepVerifier.create(ENGINE.step(interrupting, "go")
                        .map(result -> Thread.currentThread().isInterrupted()))
                .expectNext(false)
                .verifyComplete();
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void step_redactorHoldsTheReport_theResultIsThereAtOnceAndTheEndSoon() {
        CountDownLatch never = new CountDownLatch(1);
        StepEngine engine = StepEngine.builder()
                .redactor(text -> {
                    try {
                        never.await();
                    } catch (InterruptedException stopped) {
                        Thread.currentThread().interrupt();
                    }
                    return text;
                })
                .build();

        StepVerifier.create(engine.step(BROKEN, "go").subscribeOn(Schedulers.boundedElastic()))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED))
                .verifyComplete();
        never.countDown();
    }

    @RepeatedTest(200)
    void step_cancelRacesWithTheEnd_oneResultOrACancelAndNothingDropped() {
        Sinks.One<String> answer = Sinks.one();
        AtomicInteger cancelled = new AtomicInteger();
        Agent<String, String> agent =
                Agent.of("a", (input, context) -> answer.asMono().doOnCancel(cancelled::incrementAndGet));
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        ENGINE.step(agent, "go").subscribe(subscriber);

        RaceTestUtils.race(() -> answer.tryEmitValue("done"), subscriber::cancel);

        assertThat(subscriber.getReceivedOnNext().size() + cancelled.get()).isLessThanOrEqualTo(1);
        assertThat(subscriber.getProtocolErrors()).isEmpty();
    }

    @RepeatedTest(200)
    void step_requestRacesWithTheEnd_theResultComesOnce() {
        Sinks.One<String> answer = Sinks.one();
        TestSubscriber<StepResult<String>> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        ENGINE.step(Agent.<String, String>of("a", (input, context) -> answer.asMono()), "go")
                .subscribe(subscriber);

        RaceTestUtils.race(() -> answer.tryEmitValue("done"), () -> subscriber.request(1));

        subscriber.block(Duration.ofSeconds(10));
        assertThat(subscriber.getReceivedOnNext()).hasSize(1);
        assertThat(subscriber.isTerminatedComplete()).isTrue();
    }
}
