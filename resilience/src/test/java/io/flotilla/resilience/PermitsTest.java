package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Steps cancelled at moments drawn at random: before, in every line, on trial, in the body, as it ends. Whatever is drawn,
 * every permit is back and no timer is left.
 *
 * <p>{@code mvn verify -Psoak} cancels more often, {@code -Drandom.seed=N} starts elsewhere.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PermitsTest {

    private static final int CANCELS = Integer.getInteger("random.cancels", 20_000);
    private static final long SEED = Long.getLong("random.seed", 20261120L);
    private static final int PLACES = 3;
    private static final int PERMITS = 20;
    private static final int PROBES = 2;
    private static final Duration PERIOD = Duration.ofMillis(2);
    private static final Duration OPEN_FOR = Duration.ofMillis(3);
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** An engine with all guards, and what is known of them. */
    private static final class Guarded {

        final Random random = new Random(SEED);
        final SimpleMeterRegistry meters = new SimpleMeterRegistry();
        final OpenTimers timers;
        final StepEngine engine;

        Guarded(Scheduler timer) {
            timers = new OpenTimers(timer);
            engine = StepEngine.builder()
                    .timeoutScheduler(() -> timers)
                    .interceptor(Resilience.builder()
                            .meterRegistry(meters)
                            .bulkhead(new BulkheadPolicy(PLACES, 50, Duration.ofMillis(5)))
                            .rateLimiter(new RateLimiterPolicy(PERMITS, PERIOD, 50, Duration.ofMillis(5)))
                            .circuitBreaker(CircuitBreakerPolicy.builder()
                                    .slidingWindow(10, 10)
                                    .openDuration(OPEN_FOR)
                                    .halfOpenCalls(PROBES, Duration.ofMinutes(10))
                                    .build())
                            .attemptTimeout(Duration.ofMillis(4))
                            .retry(RetryPolicy.builder()
                                    .maxAttempts(2)
                                    .minBackoff(Duration.ofMillis(1))
                                    .build())
                            .build())
                    .build();
        }

        private Agent<String, String> drawn() {
            int kind = random.nextInt(8);
            Duration takes = Duration.ofNanos(random.nextInt(2_000_000));
            return Agent.of("a", (input, context) -> switch (kind) {
                case 0, 1 -> Mono.just("done");
                case 2, 3 -> Mono.delay(takes, timers).map(any -> "done");
                case 4 -> Mono.error(new IOException("boom"));
                case 5 -> Mono.delay(takes, timers).then(Mono.error(new IOException("boom")));
                case 6 -> Mono.never();
                default -> throw new NoClassDefFoundError("boom");
            });
        }

        Disposable round() {
            List<Agent<String, String>> agents = new ArrayList<>();
            for (int steps = 1 + random.nextInt(6); steps > 0; steps--) {
                agents.add(drawn());
            }
            return engine.run(agents, "go").subscribe();
        }

        double gauge(ResilienceMeter meter) {
            return meters.get(meter.getName()).gauge().value();
        }

        boolean quiet() {
            return timers.open.get() == 0 && gauge(ResilienceMeter.BULKHEAD_IN_USE) == 0;
        }

        void nothingIsHeld() {
            assertThat(timers.open).as("timers left").hasValue(0);
            assertThat(gauge(ResilienceMeter.BULKHEAD_IN_USE))
                    .as("places in use")
                    .isZero();
            assertThat(gauge(ResilienceMeter.BULKHEAD_QUEUED))
                    .as("in the bulkhead's line")
                    .isZero();
            assertThat(gauge(ResilienceMeter.RATE_LIMITER_QUEUED))
                    .as("in the limiter's line")
                    .isZero();
        }

        /** After this the breaker is closed: were a permit of its trial lost, it would be half-open for ten minutes. */
        Mono<Boolean> closes() {
            Agent<String, String> probe = Agent.of("a", (input, context) -> Mono.just("done"));
            return Mono.defer(() -> engine.run(List.of(probe), "go"))
                    .delaySubscription(OPEN_FOR.plus(PERIOD), timers)
                    .repeat(20)
                    .then(Mono.fromSupplier(() -> gauge(ResilienceMeter.CIRCUIT_BREAKER_STATE) == 0));
        }

        Mono<List<Kind>> allPermitsAtOnce() {
            Agent<String, String> quick = Agent.of("a", (input, context) -> Mono.just("done"));
            return Mono.defer(() -> engine.run(Collections.nCopies(PERMITS, quick), "go"))
                    .delaySubscription(PERIOD.multipliedBy(2), timers)
                    .map(report ->
                            report.results().stream().map(StepResult::kind).toList());
        }
    }

    @Test
    void cancel_atRandomMomentsOfVirtualTime_allPermitsAreBackAndNoTimerIsLeft() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        Guarded guarded = new Guarded(time);
        for (int cancelled = 0; cancelled < CANCELS; cancelled++) {
            Disposable first = guarded.round();
            Disposable second = guarded.round();
            time.advanceTimeBy(Duration.ofNanos(guarded.random.nextInt(3_000_000)));
            first.dispose();
            time.advanceTimeBy(Duration.ofNanos(guarded.random.nextInt(500_000)));
            second.dispose();
            if (cancelled % 50 == 0) {
                guarded.nothingIsHeld();
            }
        }
        guarded.nothingIsHeld();
        List<Object> after = new ArrayList<>();
        guarded.closes().subscribe(after::add);
        time.advanceTimeBy(SECOND);
        guarded.allPermitsAtOnce().subscribe(after::add);
        time.advanceTimeBy(SECOND);
        assertThat(after).containsExactly(true, Collections.nCopies(PERMITS, Kind.SUCCEEDED));
        guarded.nothingIsHeld();
    }

    @Test
    void cancel_atRandomMomentsOnRealThreads_allPermitsAreBackAndNoTimerIsLeft() throws InterruptedException {
        Scheduler timer = Schedulers.newParallel("permits", 2, true);
        try {
            Guarded guarded = new Guarded(timer);
            for (int cancelled = 0; cancelled < CANCELS; cancelled += 20) {
                cancelTwenty(guarded);
            }
            for (int spin = 0; !guarded.quiet() && spin < 5_000; spin++) {
                LockSupport.parkNanos(1_000_000); // what a cancel has met on its way ends a moment later
            }
            guarded.nothingIsHeld();
            assertThat(guarded.closes().block()).as("the breaker closes").isTrue();
            for (int spin = 0; !guarded.quiet() && spin < 5_000; spin++) {
                LockSupport.parkNanos(1_000_000);
            }
            guarded.nothingIsHeld();
        } finally {
            timer.dispose();
        }
    }

    /** Twenty rounds, cancelled by another thread, each at a moment of its own. */
    private static void cancelTwenty(Guarded guarded) throws InterruptedException {
        CountDownLatch cancels = new CountDownLatch(20);
        for (int round = 0; round < 20; round++) {
            Disposable running = guarded.round();
            int micros = guarded.random.nextInt(1_500);
            var unused = Schedulers.parallel()
                    .schedule(
                            () -> {
                                running.dispose();
                                cancels.countDown();
                            },
                            micros,
                            TimeUnit.MICROSECONDS);
        }
        assertThat(cancels.await(20, TimeUnit.SECONDS)).isTrue();
    }
}
