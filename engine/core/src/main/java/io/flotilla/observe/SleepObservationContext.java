package io.flotilla.observe;

/**
 * The context of {@link FlotillaObservation#SLEEP}.
 *
 * @since 0.1
 */
public final class SleepObservationContext extends BranchPartContext {

    /**
     * A sleep that has not begun yet.
     *
     * @param agent the name of the agent that sleeps, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch the path of its branch
     * @throws NullPointerException if an argument is null
     */
    public SleepObservationContext(String agent, String runId, String branch) {
        super(FlotillaObservation.SLEEP, agent, runId, branch);
    }
}
