package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.List;

/**
 * An agent decided what its edges do not allow, and did so again after each correction.
 *
 * @since 0.1
 */
public final class InvalidDecisionException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String agent;
    private final transient BranchPath branch;
    private final transient List<String> allowed;

    /**
     * The failure of a branch whose agent was corrected in vain.
     *
     * @param agent the agent's name in the topology
     * @param branch on which branch
     * @param last what was wrong with its last decision
     */
    public InvalidDecisionException(String agent, BranchPath branch, Correction last) {
        super(
                "agent " + agent + " (branch " + branch + "): " + last.problem() + "; allowed: " + last.allowed()
                        + "; corrected " + (last.number() - 1) + " times",
                null);
        this.agent = agent;
        this.branch = branch;
        this.allowed = last.allowed();
    }

    @Override
    public Kind kind() {
        return Kind.INVALID_DECISION;
    }

    /**
     * Whose decision it was.
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
     * Where its edges lead.
     *
     * @return the names, in the topology's order
     */
    public List<String> allowed() {
        return allowed;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch).list("allowed", allowed);
    }
}
