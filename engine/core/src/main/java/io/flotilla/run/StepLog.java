package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.internal.OutputLog;
import io.flotilla.run.machine.Effect;
import io.flotilla.step.StepResult;

/** The output of one step of a run. Does not hold on to the step, whose output a slow subscriber may read long after it. */
final class StepLog extends OutputLog<RunOutput> {

    private final BranchPath branch;
    private final String agent;
    private final long step;

    StepLog(Effect.StartStep start, int capacity) {
        super(capacity);
        this.branch = start.branch();
        this.agent = start.agent();
        this.step = start.number();
    }

    @Override
    protected RunOutput beginning(int attempt, AgentId called) {
        return new RunOutput.AttemptStarted(branch, agent, step, attempt, called);
    }

    @Override
    protected RunOutput value(int attempt, long position, Object value) {
        return new RunOutput.Emitted(branch, agent, step, attempt, position, value);
    }

    RunOutput settled(StepResult.Kind kind, long dropped) {
        return new RunOutput.Settled(branch, agent, step, kind, dropped);
    }
}
