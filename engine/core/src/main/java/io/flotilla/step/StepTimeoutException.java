package io.flotilla.step;

import io.flotilla.FlotillaException;
import java.time.Duration;
import java.util.Objects;

/**
 * A limit of time was passed; the step that ends with it is {@link StepResult.TimedOut}. An agent that fails with a
 * {@link java.util.concurrent.TimeoutException} of its own has {@link StepResult.Failed}. Has no stack trace.
 *
 * @since 0.1
 */
public final class StepTimeoutException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final Duration limit;

    /**
     * For the engine and for interceptors that set a limit.
     *
     * @param message who passed which limit
     * @param limit the limit
     * @throws NullPointerException if {@code limit} is null
     */
    public StepTimeoutException(String message, Duration limit) {
        super(message, null, false);
        this.limit = Objects.requireNonNull(limit, "limit");
    }

    /**
     * The limit that was passed.
     *
     * @return the time there was
     */
    public Duration limit() {
        return limit;
    }
}
