package io.flotilla.journal;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A payload cannot be written or read: a type the codec does not know, too large, too deep, or not a payload at all.
 *
 * @since 0.1
 */
public final class PayloadException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /**
     * For codecs.
     *
     * @param message what is wrong; without the payload
     * @param cause why, or null
     */
    public PayloadException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
