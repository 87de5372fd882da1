package io.flotilla;

import org.jspecify.annotations.Nullable;

/**
 * The base of all exceptions of the library. Each cause that a caller can act on has a subtype.
 *
 * <p>Invalid arguments are {@link IllegalArgumentException} and {@link NullPointerException}.
 *
 * @since 0.1
 */
public abstract class FlotillaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * With a stack trace.
     *
     * @param message what happened, with the values that matter
     * @param cause the cause, or null if there is none
     */
    protected FlotillaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * With or without a stack trace. Exceptions that are created for each refused step have none, since it would cost
     * more than the step.
     *
     * @param message what happened, with the values that matter
     * @param cause the cause, or null if there is none
     * @param stackTrace whether the exception has a stack trace
     */
    protected FlotillaException(String message, @Nullable Throwable cause, boolean stackTrace) {
        super(message, cause, true, stackTrace);
    }
}
