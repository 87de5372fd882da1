package io.flotilla.resilience;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import io.flotilla.agent.UsageLedger;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The context of a step for the key of an agent that stands in for its own.
 *
 * @param step the step's context
 * @param agentId who stands in
 */
record StandInContext(StepContext step, AgentId agentId) implements StepContext {

    @Override
    public String runId() {
        return step.runId();
    }

    @Override
    public String branchPath() {
        return step.branchPath();
    }

    @Override
    public long stepNumber() {
        return step.stepNumber();
    }

    @Override
    public int attempt() {
        return step.attempt();
    }

    @Override
    public @Nullable Instant deadline() {
        return step.deadline();
    }

    @Override
    public List<AgentId> delegationPath() {
        return step.delegationPath();
    }

    @Override
    public UsageLedger usage() {
        return step.usage();
    }

    @Override
    public StepState state() {
        return step.state();
    }
}
