package io.flotilla.samples.readingcrew.chat;

import io.flotilla.resilience.RetryHint;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The other side has had too many questions: HTTP 429. */
public final class RateLimitedException extends ChatException implements RetryHint {

    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    public RateLimitedException(@Nullable Duration retryAfter) {
        super(
                "HTTP 429, too many requests"
                        + (retryAfter == null ? "" : ", retry after " + retryAfter.toSeconds() + " s"),
                null);
        this.retryAfter = retryAfter;
    }

    /** When to come back; null if the other side did not say. */
    @Override
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
