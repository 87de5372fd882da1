package io.flotilla.observe;

import io.flotilla.internal.StepMdc;

/**
 * What SLF4J's MDC has of a step while its agent is called, if {@code StepEngine.Builder.mdc(true)} says so: a pattern such as
 * {@code %X{flotilla.step.id}} prints it.
 *
 * @since 0.1
 */
public enum MdcKey {
    /** The id of the run, or of the round. */
    RUN_ID(StepMdc.RUN_ID),
    /** The agent, with its instance if it has one. */
    AGENT(StepMdc.AGENT),
    /** The path of the branch; {@code /} outside of forks. */
    BRANCH(StepMdc.BRANCH),
    /** The step's id, as in the log. */
    STEP_ID(StepMdc.STEP_ID);

    private final String key;

    MdcKey(String key) {
        this.key = key;
    }

    /**
     * The key in the MDC.
     *
     * @return the key, the same for ever
     */
    public String key() {
        return key;
    }
}
