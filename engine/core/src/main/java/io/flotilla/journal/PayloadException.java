package io.flotilla.journal;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A payload cannot be written or read: it has a type that the codec does not know, is too large or too deep, or is not a
 * payload.
 *
 * @since 0.1
 */
public final class PayloadException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /**
     * For codecs.
     *
     * @param message what is wrong; without the payload
     * @param cause the cause, or null if there is none
     */
    public PayloadException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
