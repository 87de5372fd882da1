package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A step was in flight when its process died, nobody knows whether it has done its work, and it is not to be run again.
 *
 * @since 0.1
 */
public final class StepInDoubtException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String idempotencyKey;

    StepInDoubtException(String agent, String idempotencyKey) {
        super("it is unknown whether step " + idempotencyKey + " of agent " + agent + " has happened", null);
        this.idempotencyKey = idempotencyKey;
    }

    /**
     * The key of the step.
     *
     * @return its {@link io.flotilla.agent.StepContext#idempotencyKey()}
     */
    public String idempotencyKey() {
        return idempotencyKey;
    }
}
