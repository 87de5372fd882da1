package io.flotilla.resilience;

import io.flotilla.FlotillaException;

/**
 * A failure that {@link Chaos} has injected. Has no stack trace.
 *
 * @since 0.1
 */
public final class ChaosException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    ChaosException(String message) {
        super(message, null, false);
    }
}
