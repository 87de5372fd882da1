package io.flotilla.step;

import io.flotilla.FlotillaException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A guard did not let a step through; the step that ends with it is {@link StepResult.Rejected}, unless an attempt has
 * failed before. Has no stack trace.
 *
 * @since 0.1
 */
public final class StepRejectedException extends FlotillaException {

    /** The {@link #guard()} of steps that the engine's own limit refused, see {@link InFlightLimit#maxQueued(int)}. */
    public static final String IN_FLIGHT_LIMIT = "inflightlimit";

    private static final long serialVersionUID = 1L;

    private final String guard;
    private final @Nullable Duration retryAfter;

    /**
     * For interceptors that guard something.
     *
     * @param guard which guard: {@code circuitbreaker}, {@code bulkhead}, {@code ratelimiter}, {@code budget}; {@value
     *     #IN_FLIGHT_LIMIT} is the engine's own
     * @param state what the guard looks like: {@code open since 3 s}, {@code 25 of 25 in use}
     * @param retryAfter the time until a retry makes sense, or null if the guard does not know
     * @throws NullPointerException if {@code guard} or {@code state} is null
     */
    public StepRejectedException(String guard, String state, @Nullable Duration retryAfter) {
        super(message(guard, state, retryAfter), null, false);
        this.guard = guard;
        this.retryAfter = retryAfter;
    }

    private static String message(String guard, String state, @Nullable Duration retryAfter) {
        String refused =
                Objects.requireNonNull(guard, "guard") + " refused the step: " + Objects.requireNonNull(state, "state");
        return retryAfter == null ? refused : refused + ", come back in " + retryAfter;
    }

    /**
     * Which guard.
     *
     * @return its name
     */
    public String guard() {
        return guard;
    }

    /**
     * When to come back.
     *
     * @return the time to wait, or null if the guard does not know
     */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
