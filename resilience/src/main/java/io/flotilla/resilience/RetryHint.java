package io.flotilla.resilience;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Implemented by an exception that knows when to retry, such as one for an HTTP 429 with {@code Retry-After}. A retry
 * waits at least that long, see {@link RetryPolicy.Builder#maxRetryAfter}.
 *
 * @since 0.1
 */
public interface RetryHint {

    /**
     * When to retry.
     *
     * @return how long to wait, or null if unknown
     */
    @Nullable Duration retryAfter();
}
