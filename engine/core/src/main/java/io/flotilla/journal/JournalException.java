package io.flotilla.journal;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * The base of everything that can go wrong in a journal.
 *
 * @since 0.1
 */
public abstract class JournalException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /**
     * With or without a stack trace.
     *
     * @param message what happened, with the values that matter
     * @param cause the cause, or null if there is none
     * @param stackTrace whether the exception has a stack trace
     */
    protected JournalException(String message, @Nullable Throwable cause, boolean stackTrace) {
        super(message, cause, stackTrace);
    }
}
