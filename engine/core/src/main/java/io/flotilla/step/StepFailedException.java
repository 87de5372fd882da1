package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;

/**
 * The first failure of a round in {@link FailureMode#FAIL_FAST}. Its cause is the step's own.
 *
 * @since 0.1
 */
public final class StepFailedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final transient StepFailure failure;

    StepFailedException(StepFailure failure) {
        super("step failed: " + failure, failure.cause());
        this.failure = failure;
    }

    /**
     * Whose step failed.
     *
     * @return the agent's id
     */
    public AgentId agentId() {
        return failure.agentId();
    }

    /**
     * What happened.
     *
     * @return the failure
     */
    public StepFailure failure() {
        return failure;
    }
}
