package io.flotilla.resilience;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Implemented by an exception that knows when to come back, such as one made of an HTTP 429 with {@code Retry-After}. A
 * retry waits at least that long, see {@link RetryPolicy.Builder#maxRetryAfter}.
 *
 * @since 0.1
 */
public interface RetryHint {

    /**
     * When to come back.
     *
     * @return how long to wait, or null if it is not known after all
     */
    @Nullable Duration retryAfter();
}
