package io.flotilla.team;

import io.flotilla.step.StepResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Does with a worker whose step has failed what its supervision says. Under the manager's lock. */
final class Supervisor<I, O> {

    private final ManagerCore<I, O> core;
    private final Attempt<I, O> attempt;
    private final WorkerState<I, O> worker;
    private final @Nullable Throwable cause;
    private final List<ManagerEvent> told;

    Supervisor(ManagerCore<I, O> core, Attempt<I, O> attempt, StepResult<O> failure, List<ManagerEvent> told) {
        this.core = core;
        this.attempt = attempt;
        this.worker = attempt.worker;
        this.cause = failure.cause();
        this.told = told;
    }

    /** Returns what goes up; null for nothing. */
    @Nullable WorkerEscalatedException apply(Directive directive, @Nullable String why) {
        if (directive instanceof Directive.Escalate) {
            return escalate(why == null ? "" : why);
        }
        if (directive instanceof Directive.Quarantine quarantine) {
            quarantine(quarantine);
        } else if (directive instanceof Directive.Restart) {
            return restart();
        }
        return null;
    }

    /** What was at an agent that has been replaced meanwhile says nothing about the new one. */
    @SuppressWarnings("ReferenceEquality")
    private @Nullable WorkerEscalatedException restart() {
        if (worker.worker.factory == null) {
            return escalate("it has no factory to be restarted with");
        }
        if (attempt.incarnation != worker.incarnation || worker.isStopped) {
            return null;
        }
        if (!worker.restartWindow.allows(core.clock.nanoTime())) {
            Supervision supervision = worker.worker.supervision();
            return escalate("it was restarted " + supervision.maxRestarts + " times in " + supervision.period);
        }
        worker.restart();
        told.add(new ManagerEvent.WorkerRestarted(worker.worker.id(), worker.restarts, cause));
        return null;
    }

    private void quarantine(Directive.Quarantine quarantine) {
        if (!worker.isQuarantined) {
            worker.isQuarantined = true;
            core.releaseAfter(worker, quarantine.time());
            told.add(new ManagerEvent.WorkerQuarantined(worker.worker.id(), quarantine.time(), cause));
        }
    }

    private WorkerEscalatedException escalate(String why) {
        WorkerEscalatedException escalated = new WorkerEscalatedException(worker.worker.id(), why, cause);
        if (!worker.isStopped) {
            worker.isStopped = true;
            told.add(new ManagerEvent.WorkerEscalated(worker.worker.id(), escalated));
            core.warn(escalated);
        }
        return escalated;
    }
}
