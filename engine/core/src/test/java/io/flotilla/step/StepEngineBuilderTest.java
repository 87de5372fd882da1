package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.subscriber.TestSubscriber;

/** Every setting has bounds, and does something. */
@Timeout(30)
class StepEngineBuilderTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final StepInterceptor NONE = new StepInterceptor() {};

    // --- concurrency

    @Test
    void concurrency_zero_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().concurrency(0))
                .withMessage("concurrency must be >= 1, was 0");
    }

    @Test
    void concurrency_negative_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().concurrency(Integer.MIN_VALUE))
                .withMessage("concurrency must be >= 1, was -2147483648");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 9, Integer.MAX_VALUE})
    void concurrency_8Steps_isTheMostInFlight(int concurrency) {
        StepEngine engine = StepEngine.builder().concurrency(concurrency).build();

        assertThat(engine.concurrency()).isEqualTo(concurrency);
        assertThat(mostInFlight(engine, 8)).isEqualTo(Math.min(concurrency, 8));
    }

    @Test
    void concurrency_default_is256() {
        assertThat(mostInFlight(StepEngine.builder().build(), 300)).isEqualTo(256);
        assertThat(StepEngine.builder().build().concurrency()).isEqualTo(StepEngine.DEFAULT_CONCURRENCY);
    }

    private static int mostInFlight(StepEngine engine, int steps) {
        AtomicInteger inFlight = new AtomicInteger();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> {
            inFlight.incrementAndGet();
            return Mono.never();
        });
        engine.run(Collections.nCopies(steps, silent), "go").subscribe().dispose();
        return inFlight.get();
    }

    // --- step timeout

    @Test
    void stepTimeout_zero_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().stepTimeout(Duration.ZERO))
                .withMessage("stepTimeout must be > 0, was PT0S");
    }

    @Test
    void stepTimeout_negative_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().stepTimeout(Duration.ofSeconds(-1)))
                .withMessage("stepTimeout must be > 0, was PT-1S");
    }

    @Test
    void stepTimeout_oneNanosecond_isTaken() {
        assertThat(StepEngine.builder().stepTimeout(Duration.ofNanos(1)).build().stepTimeout())
                .isEqualTo(Duration.ofNanos(1));
    }

    @Test
    void stepTimeout_equalToTheLongest_isTakenAndStepsRun() {
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofNanos(Long.MAX_VALUE))
                .build();

        StepReport<String> report = engine.run(
                        List.of(Agent.of(
                                "a", (input, context) -> Mono.just("late").delaySubscription(Duration.ofMillis(1)))),
                        "go")
                .block();

        assertThat(report.values()).containsExactly("late");
    }

    @Test
    void stepTimeout_moreThanTheLongest_throwsWithValueAndBound() {
        Duration tooLong = Duration.ofNanos(Long.MAX_VALUE).plusNanos(1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().stepTimeout(tooLong))
                .withMessage("stepTimeout must be <= 292 years, was " + tooLong);
    }

    @Test
    void stepTimeout_refused_leavesTheOneBefore() {
        StepEngine.Builder builder = StepEngine.builder().stepTimeout(Duration.ofSeconds(5));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.stepTimeout(Duration.ofSeconds(Long.MAX_VALUE)));

        UndisturbedTime.verifier(() -> builder.build().run(List.of(TestAgents.silent("a")), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .assertNext(report ->
                        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(1))
                .verifyComplete();
    }

    @Test
    void stepTimeout_default_is10MinutesAnd60SecondsIdle() {
        assertThat(StepEngine.builder().build().stepTimeout()).isEqualTo(Duration.ofMinutes(10));

        UndisturbedTime.verifier(() -> StepEngine.builder().build().run(List.of(TestAgents.silent("a")), "go"))
                .expectSubscription()
                .expectNoEvent(StepEngine.DEFAULT_IDLE_TIMEOUT)
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void noStepTimeout_silentStep_isNeverEnded() {
        assertThat(StepEngine.builder().noStepTimeout().build().stepTimeout()).isNull();

        UndisturbedTime.verifier(
                        () -> StepEngine.builder().noStepTimeout().build().run(List.of(TestAgents.silent("a")), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofDays(400))
                .thenCancel()
                .verify();
    }

    @Test
    void stepTimeout_afterNoStepTimeout_isTheLimit() {
        assertThat(StepEngine.builder()
                        .noStepTimeout()
                        .stepTimeout(Duration.ofSeconds(1))
                        .build()
                        .stepTimeout())
                .isEqualTo(Duration.ofSeconds(1));
    }

    // --- timer and clock

    @Test
    void timeoutScheduler_given_isWhereTimeoutsFire() {
        VirtualTimeScheduler timer = VirtualTimeScheduler.create();
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofSeconds(30))
                .timeoutScheduler(() -> timer)
                .build();
        TestSubscriber<StepReport<String>> subscriber = TestSubscriber.create();

        engine.run(List.of(TestAgents.silent("a")), "go").subscribe(subscriber);
        timer.advanceTimeBy(Duration.ofSeconds(30).minusNanos(1));
        assertThat(subscriber.getReceivedOnNext()).isEmpty();
        timer.advanceTimeBy(Duration.ofNanos(1));

        assertThat(subscriber.getReceivedOnNext().get(0).results().get(0).duration())
                .isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void timeoutScheduler_threeRounds_isAskedOnceARound() {
        AtomicInteger asked = new AtomicInteger();
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> {
                    asked.incrementAndGet();
                    return Schedulers.parallel();
                })
                .build();
        assertThat(asked).hasValue(0);

        for (int round = 1; round <= 3; round++) {
            engine.run(TestAgents.manyAnswering(5), "go").block();
            assertThat(asked).hasValue(round);
        }
    }

    @Test
    void timeoutScheduler_returnsNull_failsTheRoundWithAClearErrorAndLeavesNothingBehind() {
        int openBefore = StallWatch.watched();
        StepEngine engine = StepEngine.builder().timeoutScheduler(() -> null).build();

        StepVerifier.create(engine.run(TestAgents.manyAnswering(5), "go"))
                .verifyErrorSatisfies(cause -> assertThat(cause)
                        .isInstanceOf(NullPointerException.class)
                        .hasMessageContaining("timeoutScheduler"));

        assertThat(StallWatch.watched()).isLessThanOrEqualTo(openBefore);
    }

    @Test
    void timeoutScheduler_throws_failsTheRoundWithItsCause() {
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> {
                    throw new IllegalStateException("no timer");
                })
                .build();

        StepVerifier.create(engine.run(TestAgents.manyAnswering(5), "go")).verifyErrorMessage("no timer");
    }

    @Test
    void clock_given_isReadForStartedAt() {
        StepReport<String> report = StepEngine.builder()
                .clock(Clock.fixed(NOON, ZoneOffset.UTC))
                .build()
                .run(TestAgents.manyAnswering(1), "go")
                .block();

        assertThat(report.results().get(0).startedAt()).isEqualTo(NOON);
    }

    @Test
    void clock_default_isTheTimersScheduler() {
        VirtualTimeScheduler timer = VirtualTimeScheduler.create();
        timer.advanceTimeTo(NOON);

        StepReport<String> report = StepEngine.builder()
                .timeoutScheduler(() -> timer)
                .build()
                .run(TestAgents.manyAnswering(1), "go")
                .block();

        assertThat(report.results().get(0).startedAt()).isEqualTo(NOON);
    }

    @Test
    void clock_throws_failsTheRoundWithItsCauseAndLeavesNothingBehind() {
        int openBefore = StallWatch.watched();
        Clock broken = new Clock() {
            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                throw new IllegalStateException("no time");
            }
        };
        StepEngine engine = StepEngine.builder().clock(broken).build();

        StepVerifier.create(engine.run(TestAgents.manyAnswering(5), "go")).verifyErrorMessage("no time");
        StepVerifier.create(engine.stream(reactor.core.publisher.Flux.just(
                        reactor.util.function.Tuples.of(TestAgents.answering("a"), "go"))))
                .verifyErrorMessage("no time");

        assertThat(StallWatch.watched()).isLessThanOrEqualTo(openBefore);
    }

    @Test
    void clock_stepsBack_durationsAreNotReadFromIt() {
        StepReport<String> report = StepEngine.builder()
                .clock(Clock.offset(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), Duration.ofDays(-1)))
                .build()
                .run(TestAgents.manyAnswering(1), "go")
                .block();

        assertThat(report.results().get(0).duration()).isBetween(Duration.ZERO, Duration.ofSeconds(20));
    }

    // --- order, mode, interceptors, buffer, registries

    @Test
    void order_given_isTheEngines() {
        StepEngine engine = StepEngine.builder().order(Order.SEQUENTIAL).build();

        assertThat(engine.order()).isSameAs(Order.SEQUENTIAL);
        assertThat(mostInFlight(engine, 8)).isEqualTo(1);
        assertThat(StepEngine.builder().build().order()).isSameAs(Order.PARALLEL);
    }

    @Test
    void failureMode_given_isTheEngines() {
        StepEngine engine =
                StepEngine.builder().failureMode(FailureMode.FAIL_FAST).build();

        assertThat(engine.failureMode()).isEqualTo(FailureMode.FAIL_FAST);
        StepVerifier.create(engine.run(TestAgents.manyFailing(1), "go")).verifyError(StepFailedException.class);
        assertThat(StepEngine.builder().build().failureMode()).isEqualTo(FailureMode.ISOLATE);
    }

    @Test
    void interceptor_interceptor_isAskedForEveryStep() {
        AtomicInteger asked = new AtomicInteger();
        StepInterceptor counting = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                asked.incrementAndGet();
                return attempts;
            }
        };

        StepEngine.builder()
                .interceptor(counting)
                .build()
                .run(TestAgents.manyAnswering(4), "go")
                .block();

        assertThat(asked).hasValue(4);
    }

    @Test
    void failureBuffer_zero_throwsWithValueAndBound() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StepEngine.builder().failureBuffer(0))
                .withMessage("failureBuffer must be >= 1, was 0");
    }

    @Test
    void failureBuffer_large_holdsNothingUntilItIsNeeded() {
        StepEngine engine =
                StepEngine.builder().failureBuffer(Integer.MAX_VALUE).build();

        StepVerifier.create(engine.failures().take(1))
                .then(() -> engine.run(TestAgents.manyFailing(1), "go").block())
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void meterRegistry_given_hasMeters() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();

        StepEngine.builder()
                .meterRegistry(registry)
                .build()
                .run(TestAgents.manyAnswering(1), "go")
                .block();

        assertThat(registry.getMeters()).isNotEmpty();
    }

    @Test
    void observationRegistry_given_isTold() {
        AtomicInteger started = new AtomicInteger();
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(context -> {
            started.incrementAndGet();
            return false;
        });

        StepEngine.builder()
                .observationRegistry(registry)
                .build()
                .run(TestAgents.manyAnswering(1), "go")
                .block();

        assertThat(started).hasPositiveValue();
    }

    static List<UnaryOperator<StepEngine.Builder>> nulls() {
        return List.of(
                builder -> builder.stepTimeout(null),
                builder -> builder.order(null),
                builder -> builder.failureMode(null),
                builder -> builder.interceptor(null),
                builder -> builder.observationRegistry(null),
                builder -> builder.meterRegistry(null),
                builder -> builder.timeoutScheduler(null),
                builder -> builder.clock(null));
    }

    @ParameterizedTest
    @MethodSource("nulls")
    void set_null_throwsAtOnce(UnaryOperator<StepEngine.Builder> setting) {
        assertThatNullPointerException().isThrownBy(() -> setting.apply(StepEngine.builder()));
    }

    // --- the builder as such

    @Test
    void build_builderChangedAfterwards_engineStaysAsItIs() {
        StepEngine.Builder builder = StepEngine.builder();
        StepEngine engine = builder.build();
        AtomicInteger asked = new AtomicInteger();

        builder.concurrency(1)
                .stepTimeout(Duration.ofSeconds(1))
                .order(Order.SEQUENTIAL)
                .failureMode(FailureMode.FAIL_FAST)
                .clock(Clock.fixed(NOON, ZoneOffset.UTC))
                .timeoutScheduler(() -> {
                    asked.incrementAndGet();
                    return Schedulers.parallel();
                })
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        asked.incrementAndGet();
                        return attempts;
                    }
                });

        StepReport<String> report = engine.run(
                        List.of(TestAgents.failing("a", new IllegalStateException("boom"))), "go")
                .block();
        assertThat(report.results().get(0).startedAt()).isNotEqualTo(NOON);
        assertThat(asked).hasValue(0);
        assertThat(engine)
                .hasToString(
                        "StepEngine[concurrency=256, stepTimeout=PT10M, idleTimeout=PT1M, order=PARALLEL, failureMode=ISOLATE]");
        assertThat(builder.build())
                .hasToString(
                        "StepEngine[concurrency=1, stepTimeout=PT1S, idleTimeout=null, order=SEQUENTIAL, failureMode=FAIL_FAST]");
    }

    @Test
    void toBuilder_allSettings_areCopied() {
        AtomicInteger asked = new AtomicInteger();
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        StepInterceptor counting = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                asked.incrementAndGet();
                return attempts;
            }
        };
        StepEngine engine = StepEngine.builder()
                .concurrency(3)
                .maxInFlight(2)
                .stepTimeout(Duration.ofSeconds(4))
                .order(Order.SEQUENTIAL)
                .failureMode(FailureMode.FAIL_AT_END)
                .interceptor(counting)
                .clock(Clock.fixed(NOON, ZoneOffset.UTC))
                .meterRegistry(registry)
                .build();

        StepEngine copy = engine.toBuilder().build();
        StepReport<String> report = copy.run(TestAgents.manyAnswering(2), "go").block();

        assertThat(copy).hasToString(engine.toString());
        assertThat(copy.maxInFlight()).isSameAs(engine.maxInFlight());
        assertThat(asked).hasValue(2);
        assertThat(report.results().get(0).startedAt()).isEqualTo(NOON);
        assertThat(registry.find("flotilla.step.duration").timer().count()).isEqualTo(2);
    }

    @Test
    void toBuilder_ofAView_hasTheViewsOrderAndMode() {
        StepEngine copy = StepEngine.builder()
                .interceptor(NONE)
                .build()
                .withOrder(Order.SEQUENTIAL)
                .withFailureMode(FailureMode.FAIL_FAST)
                .toBuilder()
                .build();

        assertThat(copy.order()).isSameAs(Order.SEQUENTIAL);
        assertThat(copy.failureMode()).isEqualTo(FailureMode.FAIL_FAST);
    }
}
