package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#BRANCH}.
 *
 * @since 0.1
 */
public final class BranchObservationContext extends FlotillaObservationContext {

    private final String agent;
    private final String runId;
    private final String branch;

    /**
     * A branch that has not started yet.
     *
     * @param agent the name of the agent it starts at, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch its path
     * @throws NullPointerException if an argument is null
     */
    public BranchObservationContext(String agent, String runId, String branch) {
        super(FlotillaObservation.BRANCH);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.runId = Objects.requireNonNull(runId, "runId");
        this.branch = Objects.requireNonNull(branch, "branch");
    }

    /**
     * The agent that the branch starts at, as {@link FlotillaKey#AGENT} bounds it.
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
     * The branch's path.
     *
     * @return the path, as {@code BranchPath.toString} has it
     */
    public String branch() {
        return branch;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.AGENT) {
            return agent;
        }
        return key == FlotillaKey.BRANCH ? branch : super.value(key);
    }
}
