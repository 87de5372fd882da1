package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import io.flotilla.step.StepIdentity;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The identity that travels with a step of a run. */
record RunStep(Scope scope, Effect.StartStep start) implements StepIdentity {

    /** What all steps of a run have in common; does not hold on to the run. */
    record Scope(String runId, @Nullable Instant deadline, UsageLedger usage) {}

    @Override
    public String runId() {
        return scope.runId;
    }

    @Override
    public String branchPath() {
        return start.branch().toString();
    }

    @Override
    public long stepNumber() {
        return start.number();
    }

    @Override
    public @Nullable Instant deadline() {
        return scope.deadline;
    }

    @Override
    public List<AgentId> delegationPath() {
        return start.delegationPath().stream().map(AgentId::of).toList();
    }

    @Override
    public UsageLedger usage() {
        return scope.usage;
    }
}
