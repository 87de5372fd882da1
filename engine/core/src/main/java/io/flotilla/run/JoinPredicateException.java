package io.flotilla.run;

import io.flotilla.internal.JsonFields;

/**
 * The predicate of {@link Join#when} threw, or returned null. The branch that forked fails with it, whatever a shortfall
 * would have done; so does the branch of a rendezvous, and, at {@code end}, the run.
 *
 * @since 0.1
 */
public final class JoinPredicateException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String agent;
    private final transient BranchPath branch;

    /**
     * The failure of a join that cannot be judged.
     *
     * @param agent the agent that forked, or the rendezvous; {@code end} for the join of the whole run
     * @param branch the branch that forked, or starts at the rendezvous
     * @param cause what the predicate threw
     */
    public JoinPredicateException(String agent, BranchPath branch, RecordedException cause) {
        super("the predicate of the join at " + agent + " (branch " + branch + ") failed: " + cause, cause);
        this.agent = agent;
        this.branch = branch;
    }

    @Override
    public Kind kind() {
        return Kind.JOIN_PREDICATE_FAILED;
    }

    /**
     * Where the join is.
     *
     * @return the agent that forked, or the rendezvous; {@code end} for the join of the whole run
     */
    public String agent() {
        return agent;
    }

    /**
     * Whose join it is.
     *
     * @return the path of the branch that forked; of a rendezvous, that of its own branch
     */
    public BranchPath branch() {
        return branch;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch);
    }
}
