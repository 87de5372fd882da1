package io.flotilla;

import org.jspecify.annotations.Nullable;

/**
 * The base of every exception the library makes; each cause a caller can act on has a subtype.
 *
 * <p>Bad arguments are {@link IllegalArgumentException} and {@link NullPointerException}, as everywhere.
 *
 * @since 0.1
 */
public abstract class FlotillaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * With a stack trace.
     *
     * @param message what happened, with the values that matter
     * @param cause why, or null when there is nothing behind it
     */
    protected FlotillaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * With or without a stack trace. What is made for every refused step has none: it would cost more than the step.
     *
     * @param message what happened, with the values that matter
     * @param cause why, or null when there is nothing behind it
     * @param stackTrace whether the stack is written into the exception
     */
    protected FlotillaException(String message, @Nullable Throwable cause, boolean stackTrace) {
        super(message, cause, true, stackTrace);
    }
}
