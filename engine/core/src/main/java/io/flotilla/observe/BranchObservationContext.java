package io.flotilla.observe;

/**
 * The context of {@link FlotillaObservation#BRANCH}.
 *
 * @since 0.1
 */
public final class BranchObservationContext extends BranchPartContext {

    /**
     * A branch that has not started yet.
     *
     * @param agent the name of the agent it starts at, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch its path
     * @throws NullPointerException if an argument is null
     */
    public BranchObservationContext(String agent, String runId, String branch) {
        super(FlotillaObservation.BRANCH, agent, runId, branch);
    }
}
