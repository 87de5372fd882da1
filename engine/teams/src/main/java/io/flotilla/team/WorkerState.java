package io.flotilla.team;

import io.flotilla.step.EngineClock;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/** A worker of a manager, and what it is at. Guarded by the manager, but for what is final. */
final class WorkerState<I, O> {

    final Worker<I, O> worker;
    final RestartWindow restartWindow;
    private final EngineClock clock;

    Incarnation<I, O> incarnation;
    int running;
    long completed;
    long failed;
    long restarts;

    /** Larger than that of all workers that were given a task before it. */
    long lastUsed;

    boolean isUnhealthy;
    boolean isQuarantined;
    boolean isStopped;

    /** Set when it is to leave. */
    @Nullable Departure<I, O> departure;

    /** The ends of what two of these say, while they say it. */
    @Nullable Disposable recheck;

    @Nullable Disposable release;

    WorkerState(Worker<I, O> worker, EngineClock clock) {
        this.worker = worker;
        this.clock = clock;
        this.restartWindow = new RestartWindow(worker.supervision());
        this.incarnation = new Incarnation<>(worker, clock);
    }

    /** It may be given a task, though it may have no room. */
    boolean isWell() {
        return !isStopped && !isQuarantined && !isUnhealthy;
    }

    /** The first step of a new agent makes it, so no other is started meanwhile. */
    boolean hasRoom() {
        return isWell() && running < (incarnation.isMade() ? worker.concurrency() : 1);
    }

    /** By share of what it may be at; of equals, who has waited longer. */
    boolean isLessLoadedThan(WorkerState<I, O> other) {
        long mine = (long) running * other.worker.concurrency();
        long others = (long) other.running * worker.concurrency();
        return mine != others ? mine < others : lastUsed < other.lastUsed;
    }

    /** The old one ends with its last step. */
    void restart() {
        Incarnation<I, O> old = incarnation;
        incarnation = new Incarnation<>(worker, clock);
        restarts++;
        old.retire();
    }

    /** With its manager. */
    void end() {
        incarnation.retire();
        if (recheck != null) {
            recheck.dispose();
        }
        if (release != null) {
            release.dispose();
        }
    }

    WorkerStatus status() {
        return new WorkerStatus(worker.id(), state(), running, worker.concurrency(), completed, failed, restarts);
    }

    private WorkerStatus.State state() {
        if (departure != null) {
            return WorkerStatus.State.LEAVING;
        }
        if (isStopped) {
            return WorkerStatus.State.STOPPED;
        }
        if (isQuarantined) {
            return WorkerStatus.State.QUARANTINED;
        }
        return isUnhealthy ? WorkerStatus.State.UNHEALTHY : WorkerStatus.State.ACTIVE;
    }
}
