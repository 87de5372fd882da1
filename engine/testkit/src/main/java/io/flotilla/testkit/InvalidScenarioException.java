package io.flotilla.testkit;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A text is no scenario. The message says where in it, {@code agents.A[0].handOff: ...}, and what is wrong there.
 *
 * @since 0.1
 */
public final class InvalidScenarioException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    InvalidScenarioException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
