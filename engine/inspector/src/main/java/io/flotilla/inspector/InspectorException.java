package io.flotilla.inspector;

import io.flotilla.FlotillaException;

/**
 * An inspector was not started, since it would be open to those it is not meant for: another host than loopback, or actions, without a
 * token. The message says what is missing.
 *
 * @since 0.1
 */
public final class InspectorException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    InspectorException(String message) {
        super(message, null, true);
    }
}
