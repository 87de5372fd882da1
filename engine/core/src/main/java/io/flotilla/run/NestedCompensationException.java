package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A compensation has ended with a {@link Decision}: it undoes a step, and is none of the run's agents. It cannot hand over, fork or
 * be compensated itself.
 *
 * @since 0.1
 */
public final class NestedCompensationException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    NestedCompensationException(String agent) {
        super(
                "the compensation of agent " + agent
                        + " decided something; it can only undo, and is not compensated itself",
                null,
                false);
    }
}
