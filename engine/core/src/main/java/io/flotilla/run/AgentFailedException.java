package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.step.StepResult;
import org.jspecify.annotations.Nullable;

/**
 * A step of a branch failed after all its attempts, or its agent decided to fail.
 *
 * @since 0.1
 */
public final class AgentFailedException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String agent;
    private final transient BranchPath branch;
    private final StepResult.@Nullable Kind stepKind;
    private final String reason;

    private AgentFailedException(
            String message,
            String agent,
            BranchPath branch,
            StepResult.@Nullable Kind stepKind,
            String reason,
            @Nullable Throwable cause) {
        super(message, cause);
        this.agent = agent;
        this.branch = branch;
        this.stepKind = stepKind;
        this.reason = reason;
    }

    /**
     * The failure of a branch whose agent decided to fail.
     *
     * @param agent the agent's name in the topology
     * @param branch on which branch
     * @param reason what the agent said
     * @return the failure
     */
    public static AgentFailedException decided(String agent, BranchPath branch, String reason) {
        return new AgentFailedException(
                "agent " + agent + " (branch " + branch + ") decided to fail: " + reason,
                agent,
                branch,
                null,
                reason,
                null);
    }

    /**
     * The failure of a branch whose step failed.
     *
     * @param agent the agent's name in the topology
     * @param branch on which branch
     * @param kind how the step ended
     * @param cause why
     * @return the failure
     */
    public static AgentFailedException step(String agent, BranchPath branch, StepResult.Kind kind, Throwable cause) {
        RecordedException read = RecordedException.of(cause);
        return new AgentFailedException(
                "agent " + agent + " (branch " + branch + ") " + kind + ": " + read,
                agent,
                branch,
                kind,
                String.valueOf(read.getMessage()),
                read.original());
    }

    @Override
    public Kind kind() {
        return Kind.STEP_FAILED;
    }

    /**
     * Who failed.
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
     * How the step ended.
     *
     * @return the kind of the step's result; null if the step succeeded and its agent decided to fail
     */
    public StepResult.@Nullable Kind stepKind() {
        return stepKind;
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch).constant("stepKind", stepKind);
    }
}
