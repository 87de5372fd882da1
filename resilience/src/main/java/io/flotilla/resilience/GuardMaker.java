package io.flotilla.resilience;

import io.flotilla.step.EngineTime;
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
 * @param limiter how many in a period, or null
 * @param breaker when not at all, or null
 * @param bulkheads where bulkheads are from, or null for our own
 * @param limiters where limiters are from, or null for our own
 * @param breakers where breakers are from, or null for our own
 */
record GuardMaker(
        @Nullable BulkheadPolicy bulkhead,
        @Nullable LimiterPolicy limiter,
        @Nullable BreakerPolicy breaker,
        @Nullable BulkheadRegistry bulkheads,
        @Nullable RateLimiterRegistry limiters,
        @Nullable CircuitBreakerRegistry breakers) {

    boolean makesAny() {
        return bulkhead != null
                || limiter != null
                || breaker != null
                || bulkheads != null
                || limiters != null
                || breakers != null;
    }

    Guards make(String of, EngineTime time, Consumer<BreakerChange> changes) {
        return new Guards(of, makeBulkhead(of), makeLimiter(of, time), makeBreaker(of, time, changes), time);
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
        return new BulkheadGuard(machine, policy.maxWaiting(), policy.maxWait());
    }

    private @Nullable LimiterGuard makeLimiter(String of, EngineTime time) {
        if (limiter == null && limiters == null) {
            return null;
        }
        LimiterPolicy policy = limiter == null ? LimiterPolicy.of(1, Duration.ofSeconds(1)) : limiter;
        if (limiters == null && policy.burst() > 0) {
            return new TokenBucket(policy, time);
        }
        RateLimiter machine = limiters != null
                ? limiters.rateLimiter(of)
                : RateLimiter.of(
                        of,
                        RateLimiterConfig.custom()
                                .limitForPeriod(policy.permits())
                                .limitRefreshPeriod(policy.period())
                                .timeoutDuration(Duration.ZERO)
                                .build(),
                        time::nanoTime);
        return new PeriodLimiter(machine, policy.maxWaiting(), policy.maxWait());
    }

    private @Nullable BreakerGuard makeBreaker(String of, EngineTime time, Consumer<BreakerChange> changes) {
        if (breaker == null && breakers == null) {
            return null;
        }
        BreakerPolicy policy = breaker == null ? BreakerPolicy.defaults() : breaker;
        CircuitBreaker machine =
                breakers != null ? breakers.circuitBreaker(of) : CircuitBreaker.of(of, config(policy, time));
        return new BreakerGuard(of, machine, time, policy, breakers == null, changes);
    }

    private static CircuitBreakerConfig config(BreakerPolicy policy, EngineTime time) {
        return CircuitBreakerConfig.custom()
                .failureRateThreshold(percent(policy.failureRate()))
                .slowCallRateThreshold(percent(policy.slowCallRate()))
                .slowCallDurationThreshold(policy.slowCall())
                .slidingWindow(
                        policy.windowSize(), policy.minimumCalls(), CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .waitDurationInOpenState(wholeMillis(policy.openFor()))
                .permittedNumberOfCallsInHalfOpenState(policy.halfOpenCalls())
                .ignoreException(cause -> isIgnored(policy, cause))
                .clock(new EngineClock(time, ZoneOffset.UTC))
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
    private static boolean isIgnored(BreakerPolicy policy, Throwable cause) {
        try {
            return policy.ignored().test(cause);
        } catch (Throwable thrown) {
            return false;
        }
    }

    /** The engine's time for Resilience4j, which only measures durations with it: not the clock, which may be set. */
    private static final class EngineClock extends Clock {

        private final EngineTime time;
        private final ZoneId zone;

        EngineClock(EngineTime time, ZoneId zone) {
            this.time = time;
            this.zone = zone;
        }

        @Override
        public ZoneId getZone() {
            return zone;
        }

        @Override
        public Clock withZone(ZoneId other) {
            return new EngineClock(time, other);
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, time.nanoTime());
        }
    }
}
