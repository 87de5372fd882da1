package io.flotilla.run;

import io.flotilla.internal.JsonFields;

/**
 * What a step has merged into the run's state cannot be: the key's merge threw or returned null, a value is of another type, or the
 * workflow has no merge for the key. The step's branch fails with it, and nothing that the step has written is taken.
 *
 * @since 0.1
 */
public final class StateMergeException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String agent;
    private final transient BranchPath branch;
    private final String key;

    /**
     * The failure of a branch whose step has merged.
     *
     * @param agent the agent's name in the topology
     * @param branch on which branch
     * @param key into which key
     * @param cause what the merge threw
     */
    public StateMergeException(String agent, BranchPath branch, String key, RecordedException cause) {
        super(
                "agent " + agent + " (branch " + branch + "): the merge of state \"" + key + "\" failed: " + cause,
                cause);
        this.agent = agent;
        this.branch = branch;
        this.key = key;
    }

    @Override
    public Kind kind() {
        return Kind.STATE_MERGE_FAILED;
    }

    /**
     * Whose step it was.
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
     * Which merge it was.
     *
     * @return the key
     */
    public String key() {
        return key;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch).text("key", key);
    }
}
