package io.flotilla.inspector;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * An inspector was not started: it would be open to those it is not meant for, since another host than loopback, or actions, need a token;
 * or it cannot listen where it is to. The message says what is missing, or where.
 *
 * @since 0.1
 */
public final class InspectorException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    InspectorException(String message) {
        this(message, null);
    }

    InspectorException(String message, @Nullable Throwable cause) {
        super(message, cause, true);
    }
}
