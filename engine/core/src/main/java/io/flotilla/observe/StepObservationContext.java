package io.flotilla.observe;

import io.flotilla.AgentId;
import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#STEP}.
 *
 * @since 0.1
 */
public final class StepObservationContext extends FlotillaObservationContext {

    private final String agentKind;
    private final AgentId agentId;
    private final String runId;
    private final Supplier<String> madeStepId;
    private @Nullable String stepId;
    private long inputTokens;
    private long outputTokens;

    /**
     * A step that has not started yet.
     *
     * @param agentKind the kind of its agent, or {@link FlotillaKey#OTHER}
     * @param agentId the agent's id
     * @param runId the id of its round or run
     * @param stepId makes the step's id, when it is first asked for: a handler for meters never asks
     * @throws NullPointerException if an argument is null
     */
    public StepObservationContext(String agentKind, AgentId agentId, String runId, Supplier<String> stepId) {
        super(FlotillaObservation.STEP);
        this.agentKind = Objects.requireNonNull(agentKind, "agentKind");
        this.agentId = Objects.requireNonNull(agentId, "agentId");
        this.runId = Objects.requireNonNull(runId, "runId");
        this.madeStepId = Objects.requireNonNull(stepId, "stepId");
    }

    /**
     * The agent's kind, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the kind
     */
    public String agentKind() {
        return agentKind;
    }

    /**
     * The agent's id.
     *
     * @return the id
     */
    public AgentId agentId() {
        return agentId;
    }

    /**
     * The id of its round or run.
     *
     * @return the id
     */
    public String runId() {
        return runId;
    }

    /**
     * The step's id, as in the log.
     *
     * @return the id
     */
    public String stepId() {
        String made = stepId;
        if (made == null) {
            made = madeStepId.get();
            stepId = made;
        }
        return made;
    }

    /**
     * Tokens that the step has sent to models, all attempts together.
     *
     * @return the number; 0 until the step has ended
     */
    public long inputTokens() {
        return inputTokens;
    }

    /**
     * Tokens that models have answered the step with, all attempts together.
     *
     * @return the number; 0 until the step has ended
     */
    public long outputTokens() {
        return outputTokens;
    }

    /**
     * Sets what the step has used.
     *
     * @param sent tokens sent to models
     * @param received tokens models answered with
     */
    public void used(long sent, long received) {
        inputTokens = sent;
        outputTokens = received;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.AGENT) {
            return agentKind;
        }
        if (key == FlotillaKey.AGENT_INSTANCE) {
            return agentId.instance();
        }
        return key == FlotillaKey.STEP_ID ? stepId() : super.value(key);
    }
}
