package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import io.flotilla.agent.UsageLedger;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the agent of a worker is told: its step's context, with the managers above it as the delegation path, and the task's key
 * as the idempotency key, so that it is the same for whoever tries the task next. What is emitted counts as a sign of life of
 * the managers above, too.
 */
record TaskContext(StepContext step, Task<?, ?> task) implements StepContext {

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
    public String stepId() {
        return step.stepId();
    }

    @Override
    public String idempotencyKey() {
        return task.key();
    }

    @Override
    public AgentId agentId() {
        return step.agentId();
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
        return task.path;
    }

    @Override
    public UsageLedger usage() {
        return step.usage();
    }

    @Override
    public StepState state() {
        return step.state();
    }

    @Override
    public void emit(Object value) {
        step.emit(value);
        if (task.above != null) {
            task.above.emit(value);
        }
    }
}
