package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#JOIN}. Its {@link #links()} are the branches that are joined.
 *
 * @since 0.1
 */
public final class JoinObservationContext extends FlotillaObservationContext {

    private final String agent;
    private final String runId;
    private final String branch;

    /**
     * A join that is not waited for yet.
     *
     * @param agent the name of the agent that forks, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch the path of its branch
     * @throws NullPointerException if an argument is null
     */
    public JoinObservationContext(String agent, String runId, String branch) {
        super(FlotillaObservation.JOIN);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.runId = Objects.requireNonNull(runId, "runId");
        this.branch = Objects.requireNonNull(branch, "branch");
    }

    /**
     * The agent that forks, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the name
     */
    public String agent() {
        return agent;
    }

    /**
     * The id of its run.
     *
     * @return the id
     */
    public String runId() {
        return runId;
    }

    /**
     * The path of the branch that forks.
     *
     * @return the path, as {@code BranchPath.toString} has it
     */
    public String branch() {
        return branch;
    }

    @Override
    public boolean isLinkedAtEnd() {
        return true;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.AGENT) {
            return agent;
        }
        return key == FlotillaKey.BRANCH ? branch : super.value(key);
    }
}
