package io.flotilla.step;

import io.flotilla.FlotillaException;

/**
 * Stands for the first cause of a step that has failed with an exception other steps have failed with as well: what came
 * later in this step is suppressed here, since it must not show in theirs. The exception itself is the cause; the text is
 * its text. Has no stack trace of its own.
 *
 * @since 0.1
 */
public final class SharedCauseException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    SharedCauseException(Throwable shared) {
        super(Causes.describe(shared), shared, false);
    }
}
