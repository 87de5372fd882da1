package io.flotilla.resilience;

import io.flotilla.step.EngineTime;
import org.jspecify.annotations.Nullable;

/**
 * The guards of one key, whichever there are.
 *
 * @param key whose they are
 * @param bulkhead how many at the same time
 * @param limiter how many in a period
 * @param breaker whether at all
 * @param time of the engine that made them
 */
record Guards(
        String key,
        @Nullable BulkheadGuard bulkhead,
        @Nullable LimiterGuard limiter,
        @Nullable BreakerGuard breaker,
        EngineTime time) {}
