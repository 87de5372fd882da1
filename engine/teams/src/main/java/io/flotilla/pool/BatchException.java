package io.flotilla.pool;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * An item of a {@link Batcher} has no answer, for a reason that is not its own. Each item has an exception of its own.
 *
 * @since 0.1
 */
public final class BatchException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /** Why there is no answer. */
    public enum Reason {
        /** As many items wait as may. */
        FULL,
        /** The batcher is closed. */
        CLOSED,
        /** The batch function threw, signalled an error or returned null. */
        FAILED,
        /** The batch function did not answer in time, and was cancelled. */
        TIMED_OUT,
        /** There are not as many answers as items, so nobody knows whose they are; or the item's answer is null. */
        WRONG_ANSWERS
    }

    private final Reason reason;

    BatchException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause, false);
        this.reason = reason;
    }

    /**
     * Why there is no answer.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
