package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the guards of a key: state machines of Resilience4j as the policies say, or those of the user's registries.
 *
 * @param bulkhead how many at the same time, or null
 * @param rateLimiter how many in a period, or null
 * @param circuitBreaker when not at all, or null
 * @param bulkheads where bulkheads are from, or null for our own
 * @param rateLimiters where limiters are from, or null for our own
 * @param circuitBreakers where breakers are from, or null for our own
 */
record GuardMaker(
        @Nullable BulkheadPolicy bulkhead,
        @Nullable RateLimiterPolicy rateLimiter,
        @Nullable CircuitBreakerPolicy circuitBreaker,
        @Nullable BulkheadRegistry bulkheads,
        @Nullable RateLimiterRegistry rateLimiters,
        @Nullable CircuitBreakerRegistry circuitBreakers) {

    boolean makesAny() {
        return bulkhead != null
                || rateLimiter != null
                || circuitBreaker != null
                || bulkheads != null
                || rateLimiters != null
                || circuitBreakers != null;
    }

    Guards make(String of, EngineClock clock, Consumer<CircuitBreakerTransition> changes) {
        return new Guards(
                of, makeBulkhead(of), makeRateLimiter(of, clock), makeCircuitBreaker(of, clock, changes), clock);
    }

    private @Nullable BulkheadGuard makeBulkhead(String of) {
        if (bulkhead == null && bulkheads == null) {
            return null;
        }
        BulkheadPolicy policy = bulkhead == null ? BulkheadPolicy.of(1) : bulkhead;
        Bulkhead machine = bulkheads != null
                ? bulkheads.bulkhead(of)
                : Bulkhead.of(
                        of,
                        BulkheadConfig.custom()
                                .maxConcurrentCalls(policy.maxConcurrent())
                                .maxWaitDuration(Duration.ZERO)
                                .build());
        return new BulkheadGuard(machine, policy.maxQueued(), policy.queueTimeout());
    }

    private @Nullable RateLimiterGuard makeRateLimiter(String of, EngineClock clock) {
        if (rateLimiter == null && rateLimiters == null) {
            return null;
        }
        RateLimiterPolicy policy = rateLimiter == null ? RateLimiterPolicy.of(1, Duration.ofSeconds(1)) : rateLimiter;
        if (rateLimiters == null && policy.burst() > 0) {
            return new TokenBucket(policy, clock);
        }
        RateLimiter machine = rateLimiters != null
                ? rateLimiters.rateLimiter(of)
                : RateLimiter.of(
                        of,
                        RateLimiterConfig.custom()
                                .limitForPeriod(policy.permits())
                                .limitRefreshPeriod(policy.period())
                                .timeoutDuration(Duration.ZERO)
                                .build(),
                        clock::nanoTime);
        return new PeriodRateLimiter(machine, policy.maxQueued(), policy.queueTimeout());
    }

    private @Nullable CircuitBreakerGuard makeCircuitBreaker(
            String of, EngineClock clock, Consumer<CircuitBreakerTransition> changes) {
        if (circuitBreaker == null && circuitBreakers == null) {
            return null;
        }
        CircuitBreakerPolicy policy = circuitBreaker == null ? CircuitBreakerPolicy.defaults() : circuitBreaker;
        CircuitBreaker machine = circuitBreakers != null
                ? circuitBreakers.circuitBreaker(of)
                : CircuitBreaker.of(of, config(policy, clock));
        return new CircuitBreakerGuard(of, machine, clock, policy, circuitBreakers == null, changes);
    }

    private static CircuitBreakerConfig config(CircuitBreakerPolicy policy, EngineClock clock) {
        return CircuitBreakerConfig.custom()
                .failureRateThreshold(percent(policy.failureRate()))
                .slowCallRateThreshold(percent(policy.slowCallRate()))
                .slowCallDurationThreshold(policy.slowCall())
                .slidingWindow(
                        policy.windowSize(), policy.minimumCalls(), CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .waitDurationInOpenState(wholeMillis(policy.openDuration()))
                .permittedNumberOfCallsInHalfOpenState(policy.halfOpenCalls())
                .ignoreException(cause -> isIgnored(policy, cause))
                .clock(new NanoClock(clock, ZoneOffset.UTC))
                .build();
    }

    /** Never the zero that a tiny share would be rounded to. */
    private static float percent(double share) {
        return Math.max(Float.MIN_VALUE, (float) (share * 100));
    }

    /** Rounded up: the guard looks at the nanosecond, and must come before the breaker, which counts milliseconds. */
    private static Duration wholeMillis(Duration time) {
        return Duration.ofMillis(time.plusNanos(999_999).toMillis());
    }

    /** A predicate that throws must neither hide the failure nor keep what the attempt holds. */
    private static boolean isIgnored(CircuitBreakerPolicy policy, Throwable cause) {
        try {
            return policy.ignored().test(cause);
        } catch (Throwable thrown) {
            return false;
        }
    }

    /** The engine's time for Resilience4j, which only measures durations with it: not the clock, which may be set. */
    private static final class NanoClock extends Clock {

        private final EngineClock clock;
        private final ZoneId zone;

        NanoClock(EngineClock clock, ZoneId zone) {
            this.clock = clock;
            this.zone = zone;
        }

        @Override
        public ZoneId getZone() {
            return zone;
        }

        @Override
        public Clock withZone(ZoneId other) {
            return new NanoClock(clock, other);
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, clock.nanoTime());
        }
    }
}
