package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import org.jspecify.annotations.Nullable;

/**
 * The guards of one key, whichever there are.
 *
 * @param key whose they are
 * @param bulkhead how many at the same time
 * @param rateLimiter how many in a period
 * @param circuitBreaker whether at all
 * @param clock of the engine that made them
 */
record Guards(
        String key,
        @Nullable BulkheadGuard bulkhead,
        @Nullable RateLimiterGuard rateLimiter,
        @Nullable CircuitBreakerGuard circuitBreaker,
        EngineClock clock) {}
