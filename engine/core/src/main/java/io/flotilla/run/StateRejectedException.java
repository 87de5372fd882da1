package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.List;

/**
 * What an agent's steps had written was not taken, and was not after each correction either: others had written the same keys
 * meanwhile, or the run's state would have had too many keys.
 *
 * @see io.flotilla.agent.StepState
 * @since 0.1
 */
public final class StateRejectedException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String agent;
    private final transient BranchPath branch;
    private final transient List<String> conflicts;

    /**
     * The failure of a branch whose writes were rejected once too often.
     *
     * @param agent the agent's name in the topology
     * @param branch on which branch
     * @param last what was wrong with its last writes
     */
    public StateRejectedException(String agent, BranchPath branch, Correction last) {
        super(
                "agent " + agent + " (branch " + branch + "): " + last.problem() + "; corrected " + (last.number() - 1)
                        + " times",
                null);
        this.agent = agent;
        this.branch = branch;
        this.conflicts = last.conflicts();
    }

    @Override
    public Kind kind() {
        return Kind.STATE_REJECTED;
    }

    /**
     * Whose writes they were.
     *
     * @return the agent's name in the topology
     */
    public String agent() {
        return agent;
    }

    /**
     * On which branch.
     *
     * @return its path
     */
    public BranchPath branch() {
        return branch;
    }

    /**
     * The keys that others had written since the last step started.
     *
     * @return in alphabetical order; empty if there would have been too many keys
     */
    public List<String> conflicts() {
        return conflicts;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch).list("conflicts", conflicts);
    }
}
