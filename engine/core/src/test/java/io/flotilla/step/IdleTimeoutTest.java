package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** Steps that neither emit nor end. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class IdleTimeoutTest {

    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Duration SOON = Duration.ofSeconds(10);

    private static final Agent<String, String> SILENT = Agent.of("silent", (input, context) -> Mono.never());

    /** A value every {@code pause}, so many. */
    private static Agent<String, String> ticking(Duration pause, int values) {
        return Agent.streaming(
                "ticking",
                (input, context) -> Flux.interval(pause).take(values).map(String::valueOf),
                Collectors.joining());
    }

    private static StepEngine engine() {
        return StepEngine.builder().idleTimeout(IDLE).build();
    }

    @Test
    void idleTimeout_silentStep_timesOutExactlyThenAndNamesTheLimit() {
        UndisturbedTime.verifier(() -> engine().step(SILENT, "go"))
                .expectSubscription()
                .expectNoEvent(IDLE)
                .assertNext(result -> assertThat(result).isInstanceOfSatisfying(StepResult.TimedOut.class, timedOut -> {
                    assertThat(timedOut.limit()).isEqualTo(IDLE);
                    assertThat(timedOut.cause())
                            .hasMessage("agent silent passed the idle timeout of PT10S: it neither emitted nor ended");
                }))
                .verifyComplete();
    }

    @Test
    void idleTimeout_stepEmitsInTime_livesOnUntilItsEnd() {
        UndisturbedTime.verifier(() -> engine().step(ticking(Duration.ofSeconds(9), 20), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(180))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED))
                .verifyComplete();
    }

    @Test
    void idleTimeout_stepFallsSilent_timesOutExactlyThatLongAfterItsLastValue() {
        Agent<String, String> stalling = Agent.streaming(
                "stalling",
                (input, context) -> Flux.interval(Duration.ofSeconds(7))
                        .take(3)
                        .map(String::valueOf)
                        .concatWith(Mono.never()),
                Collectors.joining());

        UndisturbedTime.verifier(() -> engine().step(stalling, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(21).plus(IDLE))
                .assertNext(
                        result -> assertThat(result.cause()).hasMessageContaining("passed the idle timeout of PT10S"))
                .verifyComplete();
    }

    @Test
    void idleTimeout_stepThatStreamsForThreeMinutes_livesWithAllDefaults() {
        UndisturbedTime.verifier(() -> StepEngine.builder().build().step(ticking(Duration.ofSeconds(30), 6), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(180))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED))
                .verifyComplete();
    }

    @Test
    void idleTimeout_emitsForEver_theStepTimeoutEndsIt() {
        UndisturbedTime.verifier(() ->
                        StepEngine.builder().build().step(ticking(Duration.ofSeconds(30), Integer.MAX_VALUE), "go"))
                .expectSubscription()
                .expectNoEvent(StepEngine.DEFAULT_STEP_TIMEOUT)
                .assertNext(result ->
                        assertThat(result.cause()).hasMessage("agent ticking passed the step timeout of PT10M"))
                .verifyComplete();
    }

    @Test
    void idleTimeout_manySteps_eachAtItsOwnTime() {
        List<Agent<String, String>> agents = IntStream.range(0, 10)
                .<Agent<String, String>>mapToObj(at -> Agent.of(
                        "a#" + at,
                        (input, context) -> Mono.delay(Duration.ofSeconds(at))
                                .doOnNext(context::emit)
                                .then(Mono.never())))
                .toList();

        UndisturbedTime.verifier(() -> engine().stream(agents, "go")
                        .elapsed()
                        .map(timed -> timed.getT2().index() + " after " + timed.getT1()))
                .thenAwait(Duration.ofSeconds(100))
                .expectNext("0 after 10000")
                .expectNextSequence(IntStream.range(1, 10)
                        .mapToObj(at -> at + " after 1000")
                        .toList())
                .verifyComplete();
    }

    @Test
    void idleTimeout_silentFirst_isNotSavedByWhatComesTooLate() {
        Agent<String, String> late = Agent.of(
                "late",
                (input, context) ->
                        Mono.delay(IDLE.plusMillis(1)).doOnNext(context::emit).thenReturn("done"));

        UndisturbedTime.verifier(() -> engine().step(late, "go"))
                .expectSubscription()
                .expectNoEvent(IDLE)
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
    }

    @Test
    void idleTimeout_anotherAttempt_startsAnew() {
        StepInterceptor twice = StepInterceptor.ofStep(attempts -> attempts.retry(1));
        AtomicInteger called = new AtomicInteger();
        Agent<String, String> agent = Agent.of(
                "slow",
                (input, context) -> called.incrementAndGet() == 1
                        ? Mono.delay(Duration.ofSeconds(8)).then(Mono.error(new IllegalStateException("again")))
                        : Mono.delay(Duration.ofSeconds(8)).thenReturn("done"));

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .idleTimeout(IDLE)
                        .interceptor(twice)
                        .build()
                        .step(agent, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(16))
                .assertNext(result -> assertThat(result.value()).isEqualTo("done"))
                .verifyComplete();
    }

    @Test
    void idleTimeout_default_holdsUnlessAStepTimeoutIsGiven() {
        assertThat(StepEngine.builder().build().idleTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(StepEngine.builder().stepTimeout(SOON).build().idleTimeout()).isNull();
        assertThat(StepEngine.builder().noStepTimeout().build().idleTimeout()).isNull();
        assertThat(StepEngine.builder()
                        .stepTimeout(SOON)
                        .idleTimeout(IDLE)
                        .build()
                        .idleTimeout())
                .isEqualTo(IDLE);
        assertThat(StepEngine.builder().noIdleTimeout().build().idleTimeout()).isNull();
        assertThat(StepEngine.builder().stepTimeout(SOON).build().toBuilder()
                        .build()
                        .idleTimeout())
                .as("copied as it is")
                .isNull();
    }

    @Test
    void stepTimeout_given_aSilentStepHasAllOfIt() {
        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .stepTimeout(Duration.ofMinutes(5))
                        .build()
                        .step(SILENT, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofMinutes(5))
                .assertNext(result -> assertThat(result.cause()).hasMessageContaining("the step timeout of PT5M"))
                .verifyComplete();
    }

    @Test
    void noIdleTimeout_silentStep_hasTheWholeStepTimeout() {
        UndisturbedTime.verifier(
                        () -> StepEngine.builder().noIdleTimeout().build().step(SILENT, "go"))
                .expectSubscription()
                .expectNoEvent(StepEngine.DEFAULT_STEP_TIMEOUT)
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
    }

    @Test
    void idleTimeout_withoutStepTimeout_works() {
        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .noStepTimeout()
                        .idleTimeout(IDLE)
                        .build()
                        .step(SILENT, "go"))
                .expectSubscription()
                .expectNoEvent(IDLE)
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
    }

    /** The body keeps the thread it is started on: found in real time. */
    @Test
    void idleTimeout_bodyKeepsItsThreadSilently_timesOutAndTheRoundContinues() {
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> keeping = Agent.of("keeping", (input, context) -> {
            await(release, 20_000);
            return Mono.just("late");
        });
        try {
            List<StepResult<String>> results = Flux.from(
                            StepEngine.builder().idleTimeout(Duration.ofMillis(200)).build().stream(
                                    List.of(keeping, Agent.of("good", (input, context) -> Mono.just("done"))), "go"))
                    .subscribeOn(Schedulers.boundedElastic())
                    .collectList()
                    .block(SOON);

            assertThat(results).hasSize(2);
            assertThat(results)
                    .filteredOn(StepResult::isFailure)
                    .singleElement()
                    .satisfies(result -> assertThat(result.cause()).hasMessageContaining("the idle timeout of PT0.2S"));
        } finally {
            release.countDown();
        }
    }

    @Test
    void idleTimeout_bodyKeepsItsThreadAndEmits_livesOn() {
        Agent<String, String> busy = Agent.of("busy", (input, context) -> {
            for (int at = 0; at < 30; at++) {
                await(new CountDownLatch(1), 20);
                context.emit(at);
            }
            return Mono.just("done");
        });

        assertThat(StepEngine.builder()
                        .idleTimeout(Duration.ofMillis(300))
                        .build()
                        .step(busy, "go")
                        .block(SOON)
                        .kind())
                .isEqualTo(StepResult.Kind.SUCCEEDED);
    }

    private static void await(CountDownLatch latch, long millis) {
        try {
            latch.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void idleTimeout_timerIsDisposedOf_silentStepsFail() {
        var timer = Schedulers.newSingle("gone");
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> timer)
                .noStepTimeout()
                .idleTimeout(IDLE)
                .build();

        StepVerifier.create(engine.step(SILENT, "go"))
                .expectSubscription()
                .then(timer::dispose)
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED))
                .expectComplete()
                .verify(SOON);
    }

    /** Emits every nine seconds, so often, and waits for nothing. */
    private static final Agent<String, String> STREAMING = ticking(Duration.ofSeconds(9), 10);

    private static Agent<String, String> waitingFor(StepEngine engine, List<Agent<String, String>> inner) {
        return Agent.of(
                "outer",
                (input, context) -> engine.run(inner, "go")
                        .map(report -> report.orThrow().values().size() + " inner"));
    }

    /** The second inner step waits for 90 s, and so does the outer one, which can neither emit nor end. */
    @Test
    void idleTimeout_innerStepsWaitForPermits_theOuterStepIsNotSilent() {
        UndisturbedTime.verifier(() -> {
                    StepEngine engine = StepEngine.builder()
                            .idleTimeout(IDLE)
                            .maxInFlight(1)
                            .build();
                    Agent<String, String> middle = waitingFor(engine, List.of(STREAMING, STREAMING));
                    return engine.step(waitingFor(engine, List.of(middle)), "go")
                            .map(StepResult::toString);
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(100))
                .expectNextMatches(result -> result.contains("passed the idle timeout of PT10S"))
                .verifyComplete();
    }

    @Test
    void idleTimeout_innerStepHasGotItsPermit_theOuterStepIsSilentFromThenOn() {
        UndisturbedTime.verifier(() -> {
                    StepEngine engine = StepEngine.builder()
                            .idleTimeout(IDLE)
                            .maxInFlight(1)
                            .build();
                    return engine.step(waitingFor(engine, List.of(STREAMING, TestAgents.answering("quick"))), "go")
                            .map(StepResult::value);
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(90))
                .expectNext("2 inner")
                .verifyComplete();
    }

    /** With both limits the timer is armed for the idle timeout first. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void idleTimeout_timerHasBeenDisposedOf_stepsThatStartLaterFailToo(boolean alsoStepTimeout) {
        var timer = Schedulers.newSingle("gone");
        StepEngine.Builder builder = StepEngine.builder().timeoutScheduler(() -> timer);
        StepEngine engine = alsoStepTimeout
                ? builder.build()
                : builder.noStepTimeout().idleTimeout(IDLE).build();
        Sinks.Many<Tuple2<Agent<String, String>, String>> pairs =
                Sinks.many().unicast().onBackpressureBuffer();

        StepVerifier.create(engine.stream(pairs.asFlux()).map(StepResult::kind))
                .then(() -> pairs.tryEmitNext(Tuples.of(SILENT, "go")))
                .then(timer::dispose)
                .expectNext(StepResult.Kind.FAILED)
                .then(() -> pairs.tryEmitNext(Tuples.of(SILENT, "go")))
                .expectNext(StepResult.Kind.FAILED)
                .then(pairs::tryEmitComplete)
                .expectComplete()
                .verify(SOON);
    }

    /** One timer, whatever is in flight and however often it emits. */
    @Test
    void idleTimeout_manyStepsThatEmit_timersAreNotArmedForEach() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("counted", true));
        List<Agent<String, String>> agents = IntStream.range(0, 1000)
                .<Agent<String, String>>mapToObj(at -> Agent.of(
                        "a#" + at,
                        (input, context) -> Mono.fromCallable(() -> {
                                    for (int value = 0; value < 100; value++) {
                                        context.emit(value);
                                    }
                                    return "done";
                                })
                                .subscribeOn(Schedulers.parallel())))
                .toList();

        StepEngine.builder()
                .concurrency(1000)
                .timeoutScheduler(() -> timer)
                .idleTimeout(IDLE)
                .build()
                .run(agents, "go")
                .block(SOON);

        assertThat(timer.armed.get()).isLessThan(20);
    }

    @Test
    void idleTimeout_zeroNegativeOrTooLong_refused() {
        StepEngine.Builder builder = StepEngine.builder();
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertThatThrownBy(() -> builder.idleTimeout(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("idleTimeout must be")
                    .hasMessageContaining(wrong.toString());
        }
        assertThatThrownBy(() -> builder.idleTimeout(null)).isInstanceOf(NullPointerException.class);
    }
}
