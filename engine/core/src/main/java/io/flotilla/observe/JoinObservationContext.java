package io.flotilla.observe;

/**
 * The context of {@link FlotillaObservation#JOIN}. Its {@link #links()} are the branches that are joined.
 *
 * @since 0.1
 */
public final class JoinObservationContext extends BranchPartContext {

    /**
     * A join that is not waited for yet.
     *
     * @param agent the name of the agent that forks, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch the path of its branch
     * @throws NullPointerException if an argument is null
     */
    public JoinObservationContext(String agent, String runId, String branch) {
        super(FlotillaObservation.JOIN, agent, runId, branch);
    }

    @Override
    public boolean isLinkedAtEnd() {
        return true;
    }
}
