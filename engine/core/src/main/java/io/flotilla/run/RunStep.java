package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.StepState;
import io.flotilla.agent.UsageLedger;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.StateWrite;
import io.flotilla.step.StepIdentity;
import io.flotilla.step.StepOutput;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The identity that travels with a step of a run, and its output. The log of the output is opened with the first value: most
 * steps emit none.
 */
final class RunStep implements StepIdentity, StepOutput {

    private final Scope scope;
    private final Effect.StartStep start;

    // Guarded by this.
    private int attempt = 1;
    private @Nullable AgentId called;
    private boolean ended;

    private volatile @Nullable StepLog log;

    /** What the attempt that counts has written into the run's state. */
    private volatile List<StateWrite> writes = List.of();

    RunStep(Scope scope, Effect.StartStep start) {
        this.scope = scope;
        this.start = start;
    }

    /** What all steps of a run have in common; does not hold on to the run. */
    record Scope(String runId, @Nullable Instant deadline, UsageLedger usage, RunOutputs outputs, StateRules state) {

        static Scope of(
                RunSetup setup, Plan plan, String runId, RunClock clock, UsageLedger usage, RunOutputs outputs) {
            Duration limit = plan.limits().maxTime();
            Instant deadline = limit == null ? null : clock.startedAt().plus(limit);
            return new Scope(runId, deadline, usage, outputs, StateRules.of(plan, setup.recording()));
        }
    }

    Effect.StartStep start() {
        return start;
    }

    @Override
    public String runId() {
        return scope.runId;
    }

    @Override
    public String branchPath() {
        String path = start.branch().toString();
        return start.isCompensation() ? path + CompensableAgent.SUFFIX : path;
    }

    @Override
    public long stepNumber() {
        return start.number();
    }

    @Override
    public @Nullable Instant deadline() {
        return start.isCompensation() ? null : scope.deadline; // what is to be undone is so after the run's time, too
    }

    @Override
    public List<AgentId> delegationPath() {
        return start.delegationPath().stream().map(AgentId::of).toList();
    }

    @Override
    public UsageLedger usage() {
        return scope.usage;
    }

    // --- the run's state

    @Override
    public StepState openState() {
        return new StepDraft(scope.state, start.state());
    }

    @Override
    public void stateEnded(StepState state, boolean kept) {
        List<StateWrite> written = ((StepDraft) state).close();
        if (kept) {
            writes = written;
        }
    }

    /** What it has written into the run's state. */
    List<StateWrite> writes() {
        return writes;
    }

    // --- its output

    @Override
    public StepOutput output() {
        return this;
    }

    @Override
    public void attemptStarted(int number, AgentId agent) {
        StepLog open;
        synchronized (this) {
            attempt = number;
            called = agent;
            open = log;
        }
        if (open != null) {
            open.begin(number, agent);
        }
    }

    @Override
    public boolean emitted(Object value) {
        StepLog open = log;
        if (open == null) {
            open = open();
        }
        return open != null && open.emit(value);
    }

    private synchronized @Nullable StepLog open() {
        if (ended || log != null) {
            return log;
        }
        StepLog opened = new StepLog(start, scope.outputs.history());
        scope.outputs.open(opened);
        opened.beginUnannounced(attempt, called == null ? AgentId.of(start.agent()) : called);
        log = opened;
        return opened;
    }

    @Override
    public void ended(StepResult.Kind kind) {
        StepLog open;
        synchronized (this) {
            ended = true;
            open = log;
            log = null; // a kept context is not to keep what was emitted
        }
        if (open != null) {
            scope.outputs.close(open, kind);
        }
    }
}
