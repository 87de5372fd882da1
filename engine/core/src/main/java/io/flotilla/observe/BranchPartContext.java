package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The context of a branch, and of what happens on one. */
abstract class BranchPartContext extends FlotillaObservationContext {

    private final String agent;
    private final String runId;
    private final String branch;

    BranchPartContext(ObservationDocumentation documentation, String agent, String runId, String branch) {
        super(documentation);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.runId = Objects.requireNonNull(runId, "runId");
        this.branch = Objects.requireNonNull(branch, "branch");
    }

    /**
     * The agent that the branch is at when this starts, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the name
     */
    public final String agent() {
        return agent;
    }

    /**
     * The id of its run.
     *
     * @return the id
     */
    public final String runId() {
        return runId;
    }

    /**
     * The branch's path.
     *
     * @return the path, as {@code BranchPath.toString} has it
     */
    public final String branch() {
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
