package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.CircuitBreakerTransition.State;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Whatever throws while an attempt takes or gives back what it holds: result, fallback and every permit survive. */
@Timeout(60)
class GivingBackTest {

    private static final List<Supplier<Throwable>> THROWN = List.of(
            () -> new IllegalStateException("of the user's"),
            () -> new StackOverflowError("of the user's"),
            () -> new NoClassDefFoundError("of the user's"));

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final CountDownLatch never = new CountDownLatch(1);
    private final Agent<String, String> quick = Agent.of("a", (input, context) -> Mono.just("done"));
    private final Agent<String, String> slow =
            Agent.of("a", (input, context) -> Mono.delay(Duration.ofMillis(1)).map(any -> "done"));
    private final Agent<String, String> failing =
            Agent.of("a", (input, context) -> Mono.error(new IOException("boom")));
    private final Agent<String, String> failingLater = Agent.of(
            "a", (input, context) -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IOException("boom"))));

    @AfterEach
    void release() {
        never.countDown();
    }

    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    private static void thrown(int which) {
        GivingBackTest.<RuntimeException>sneak(THROWN.get(which).get());
    }

    private StepEngine engine(Resilience.Builder resilience) {
        return StepEngine.builder()
                .interceptor(resilience.meterRegistry(meters).build())
                .build();
    }

    private static StepReport<String> report(StepEngine engine, List<Agent<String, String>> agents) {
        return engine.run(agents, "go").block(Duration.ofSeconds(10));
    }

    private double inUse() {
        return meters.get(ResilienceMeter.BULKHEAD_IN_USE.getName()).gauge().value();
    }

    // --- a registry's breaker

    private static CircuitBreakerRegistry breakers(int which) {
        return CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .recordException(cause -> {
                    thrown(which);
                    return true;
                })
                .build());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void circuitBreaker_predicateOfARegistryThrows_theStepFailsWithItsOwnCauseAndThePlaceIsBack(int which) {
        StepEngine engine =
                engine(Resilience.builder().bulkhead(BulkheadPolicy.of(1)).registries(breakers(which), null, null));

        StepReport<String> report = report(engine, List.of(failing, failingLater, quick));

        assertThat(report.results())
                .extracting(StepResult::kind)
                .containsExactly(Kind.FAILED, Kind.FAILED, Kind.SUCCEEDED);
        assertThat(report.results().get(1).cause())
                .isInstanceOf(IOException.class)
                .hasMessage("boom");
        assertThat(inUse()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void circuitBreaker_predicateOfARegistryThrows_retryAndFallbackHaveTheirTurn(int which) {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> counting = Agent.of("a", (input, context) -> {
            calls.incrementAndGet();
            return failingLater.step(input, context);
        });
        StepEngine engine = engine(Resilience.builder()
                .registries(breakers(which), null, null)
                .retry(RetryPolicy.builder().minBackoff(Duration.ZERO).build())
                .fallback(Fallback.builder().constant("digest").build()));

        StepReport<String> report = report(engine, List.of(counting));

        assertThat(report.values()).containsExactly("digest");
        assertThat(calls).hasValue(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void circuitBreaker_onTrialAndThePredicateThrows_thePermitOfTheTrialIsBack(int which) {
        CircuitBreakerRegistry circuitBreakers = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .permittedNumberOfCallsInHalfOpenState(1)
                .ignoreException(cause -> {
                    thrown(which);
                    return false;
                })
                .build());
        circuitBreakers.circuitBreaker("a").transitionToOpenState();
        circuitBreakers.circuitBreaker("a").transitionToHalfOpenState();
        StepEngine engine = engine(Resilience.builder().registries(circuitBreakers, null, null));

        assertThat(report(engine, List.of(failing)).results())
                .extracting(StepResult::kind)
                .containsExactly(Kind.FAILED);
        assertThat(report(engine, List.of(quick)).values()).as("on trial").containsExactly("done");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void circuitBreaker_waitOfARegistryThrows_theStepEndsAndThePlaceIsBack(int which) {
        CircuitBreakerRegistry circuitBreakers = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .slidingWindow(1, 1, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .waitIntervalFunctionInOpenState(attempt -> {
                    if (attempt > 0) {
                        thrown(which);
                    }
                    return 1L;
                })
                .build());
        StepEngine engine =
                engine(Resilience.builder().bulkhead(BulkheadPolicy.of(1)).registries(circuitBreakers, null, null));

        StepReport<String> report = report(engine, List.of(failing, failingLater, quick));

        assertThat(report.failures()).as("a function whose answer is needed").hasSize(3);
        assertThat(report.results().get(2).cause()).hasMessage("of the user's");
    }

    @Test
    void circuitBreaker_consumerOfTheUserThrowsBeforeWeAreTold_theStateIsKnownAllTheSame() {
        CircuitBreakerRegistry circuitBreakers = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .slidingWindow(1, 1, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitDurationInOpenState(Duration.ofHours(1))
                .build());
        circuitBreakers.circuitBreaker("a").getEventPublisher().onEvent(event -> thrown(1));
        Resilience resilience = Resilience.builder()
                .registries(circuitBreakers, null, null)
                .meterRegistry(meters)
                .build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();
        Pending begunWhenClosed = new Pending("a");
        engine.run(List.of(begunWhenClosed), "go").subscribe();
        report(engine, List.of(failing));
        circuitBreakers.circuitBreaker("a").transitionToHalfOpenState();

        begunWhenClosed.succeed(0);

        assertThat(circuitBreakers.circuitBreaker("a").getState().name())
                .as("an attempt begun when it was closed decides no trial")
                .isEqualTo("HALF_OPEN");
        assertThat(report(engine, List.of(quick)).values()).containsExactly("done");
        assertThat(meters.get(ResilienceMeter.CIRCUIT_BREAKER_TRANSITIONS.getName())
                        .tag("to", State.CLOSED.name().toLowerCase(Locale.ROOT))
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void circuitBreaker_clockThrowsAtAChange_theChangeIsToldAndTheStepEnds() {
        AtomicBoolean broken = new AtomicBoolean();
        SettableClock good = new SettableClock();
        Clock clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return good.getZone();
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                if (broken.get()) {
                    throw new IllegalStateException("clock");
                }
                return good.instant();
            }
        };
        Resilience resilience = Resilience.builder()
                .meterRegistry(meters)
                .bulkhead(BulkheadPolicy.of(1))
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build())
                .build();
        StepEngine engine =
                StepEngine.builder().clock(clock).interceptor(resilience).build();
        Agent<String, String> breaking = Agent.of("a", (input, context) -> {
            broken.set(true);
            return Mono.error(new IOException("boom"));
        });

        assertThat(report(engine, List.of(breaking)).failures()).hasSize(1);

        assertThat(meters.get(ResilienceMeter.CIRCUIT_BREAKER_STATE.getName())
                        .gauge()
                        .value())
                .isEqualTo(2);
        assertThat(meters.get(ResilienceMeter.CIRCUIT_BREAKER_TRANSITIONS.getName())
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(inUse()).isZero();
    }

    // --- a registry's bulkhead and limiter

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void bulkhead_consumersOfARegistryThrow_everyStepSucceedsAndEveryPlaceIsBack(int which) {
        BulkheadRegistry bulkheads = BulkheadRegistry.of(
                BulkheadConfig.custom().maxConcurrentCalls(2).build());
        bulkheads.bulkhead("a").getEventPublisher().onEvent(event -> thrown(which));
        StepEngine engine = engine(Resilience.builder().registries(null, bulkheads, null));

        StepReport<String> report = report(engine, List.of(quick, slow, slow, slow, failingLater, quick));

        assertThat(report.values()).hasSize(5);
        assertThat(bulkheads.bulkhead("a").getMetrics().getAvailableConcurrentCalls())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void rateLimiter_consumersOfARegistryThrow_everyStepSucceeds(int which) {
        RateLimiterRegistry rateLimiters = RateLimiterRegistry.of(RateLimiterConfig.custom()
                .limitForPeriod(2)
                .limitRefreshPeriod(Duration.ofMillis(20))
                .timeoutDuration(Duration.ZERO)
                .build());
        rateLimiters.rateLimiter("a").getEventPublisher().onSuccess(event -> thrown(which));
        StepEngine engine = engine(Resilience.builder().registries(null, null, rateLimiters));

        assertThat(report(engine, List.of(quick, slow, quick, slow, quick)).values())
                .hasSize(5);
    }

    // --- bodies that do not let go

    private void keep() {
        boolean interrupted = false;
        while (never.getCount() > 0) {
            try {
                never.await();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Agent<String, String> keepingItsCancel() {
        return Agent.of("a", (input, context) -> Mono.create(sink -> sink.onCancel(this::keep)));
    }

    @Test
    void attemptTimeout_cancelHandlerKeepsItsThread_timesOutAndThePlaceIsBack() {
        StepEngine engine =
                engine(Resilience.builder().bulkhead(BulkheadPolicy.of(1)).attemptTimeout(Duration.ofMillis(500)));

        StepReport<String> report = report(engine, List.of(keepingItsCancel(), quick));

        assertThat(report.results()).extracting(StepResult::kind).containsExactly(Kind.TIMED_OUT, Kind.SUCCEEDED);
        assertThat(inUse()).isZero();
    }

    @Test
    void cancel_handlerKeepsItsThread_thePlaceIsBack() {
        StepEngine engine = engine(Resilience.builder().bulkhead(BulkheadPolicy.of(1)));
        var held = engine.run(List.of(keepingItsCancel()), "go").subscribe();
        Thread cancelling = new Thread(held::dispose);
        cancelling.setDaemon(true);
        cancelling.start();

        assertThat(report(engine, List.of(quick)).values()).containsExactly("done");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void attemptTimeout_bodyKeepsTheThreadItIsCalledOn_timesOutAndTheRetrySucceeds(boolean inAssembly)
            throws InterruptedException {
        CountDownLatch returned = new CountDownLatch(1);
        Agent<String, String> keeping = Agent.of("a", (input, context) -> {
            if (context.attempt() > 1) {
                return Mono.just("again");
            }
            Mono<String> body = Mono.fromCallable(() -> {
                keep();
                returned.countDown();
                return "late";
            });
            if (inAssembly) {
                keep();
                returned.countDown();
                return Mono.just("late");
            }
            return body;
        });
        StepEngine engine = engine(Resilience.builder()
                .bulkhead(BulkheadPolicy.of(1))
                .attemptTimeout(Duration.ofMillis(100))
                .retry(RetryPolicy.builder()
                        .maxAttempts(2)
                        .minBackoff(Duration.ZERO)
                        .build()));
        CompletableFuture<StepResult<String>> results = new CompletableFuture<>();
        Thread starting =
                new Thread(() -> engine.stream(List.of(keeping), "go").next().subscribe(results::complete));
        starting.setDaemon(true);
        starting.start();

        StepResult<String> result = results.orTimeout(10, TimeUnit.SECONDS).join();

        assertThat(result.value()).isEqualTo("again");
        assertThat(result.attempts()).isEqualTo(2);
        assertThat(result.duration()).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        assertThat(returned.getCount()).as("the body still has its thread").isEqualTo(1);
        never.countDown();
        assertThat(returned.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void attemptTimeout_bodyKeepsTheThreadOfARetry_timesOut() {
        Agent<String, String> keeping = Agent.of("a", (input, context) -> {
            if (context.attempt() == 2) {
                keep();
            }
            return Mono.error(new IOException("attempt " + context.attempt()));
        });
        StepEngine engine = engine(Resilience.builder()
                .attemptTimeout(Duration.ofMillis(500))
                .retry(RetryPolicy.builder().minBackoff(Duration.ofMillis(1)).build()));

        StepReport<String> report = report(engine, List.of(keeping));

        assertThat(report.results().get(0).attempts()).isEqualTo(3);
        assertThat(report.results().get(0).cause()).hasMessage("attempt 1");
    }
}
