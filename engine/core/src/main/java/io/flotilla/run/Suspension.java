package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * How a run is taken out of this process without an end, so that a recovery finds it as after a kill.
 *
 * <p>From the request on the run starts no step, and of all that happens only the steps that succeed become facts: a service that stops
 * cuts its connections, and what fails then must not be the run's failure. Deadlines that pass meanwhile pass in the recovery. When no
 * step is in flight, or the grace is over ({@link #cut}), the worker of the run suspends it. A worker that an agent keeps cannot: then
 * the run counts as suspended after {@value #PATIENCE_MILLIS} ms, and the worker, when it is back, does nothing more.
 *
 * <p>Thread-safe.
 */
final class Suspension {

    /** How long the worker is waited for when the grace is over. */
    static final long PATIENCE_MILLIS = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final RunClock clock;
    private final RunSteps steps;
    private final Suspended run;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final AtomicLong stepsFinished = new AtomicLong();
    private final AtomicLong stepsCut = new AtomicLong();
    private final Disposable.Swap timer = Disposables.swap();
    private volatile boolean requested;
    private volatile boolean cut;

    /** The run; the first four may be asked by any thread. */
    interface Suspended {

        boolean isOver();

        boolean hasFacts();

        /** The journal is writing, or about to. */
        boolean isWriting();

        /** Has the worker call {@link #suspendIfDue}, now or soon. */
        void wake();

        /** Whether all has come of what is in the journal. Asked by the worker. */
        boolean isIdle();

        /** Suspends the run. Called by the worker. */
        void suspended();

        /** Suspends the run for those who wait for it. Called by another thread, when the worker is kept. */
        void suspendedUnseen();
    }

    Suspension(RunClock clock, RunSteps steps, Suspended run) {
        this.clock = clock;
        this.steps = steps;
        this.run = run;
    }

    boolean isRequested() {
        return requested;
    }

    /** The grace is over. */
    boolean isCut() {
        return cut;
    }

    /** From here on no step starts and nothing is recorded but success. */
    void request() {
        requested = true;
        steps.stopStarting();
    }

    /** The same, and the steps in flight have {@code grace} to end; once. */
    void begin(Duration grace) {
        request();
        if (!begun.compareAndSet(false, true)) {
            return;
        }
        steps.cancelWaiting();
        if (grace.isZero()) {
            cut();
        } else if (after(grace, this::cut)) {
            run.wake();
        } else {
            cut();
        }
    }

    private void cut() {
        cut = true;
        forceLater(); // before the worker, who may be this thread
        run.wake();
    }

    private void forceLater() {
        after(Duration.ofMillis(PATIENCE_MILLIS), this::force);
    }

    /** The worker does not come back, unless it waits for the journal, which answers sooner or later. */
    private void force() {
        if (run.isOver()) {
            return;
        }
        if (run.isWriting()) {
            forceLater();
            return;
        }
        stepsCut.addAndGet(steps.inFlight());
        run.suspendedUnseen();
    }

    /** By the worker, between two facts. True if it has suspended the run now. */
    boolean suspendIfDue() {
        if (!requested || run.isOver() || !run.isIdle()) {
            return false;
        }
        if (!cut && (steps.inFlight() > 0 || run.hasFacts())) {
            return false;
        }
        stepsCut.addAndGet(steps.inFlight());
        run.suspended();
        return true;
    }

    /** False if the timer throws. */
    private boolean after(Duration delay, Runnable task) {
        try {
            timer.update(clock.schedule(delay, task));
            return true;
        } catch (Throwable noTimer) {
            LOG.debug("no timer can be had for a suspension", noTimer);
            return false;
        }
    }

    /** The run has ended, or is suspended. */
    void over() {
        timer.dispose();
    }

    /** Whether a fact may still go into the journal. */
    boolean admits(Fact fact) {
        return !requested
                || (!cut
                        && fact instanceof Fact.StepSettled settled
                        && settled.failed() == null
                        && !(settled.decision() instanceof Decision.Fail)
                        && !(settled.decision() instanceof Decision.Compensate));
    }

    /** A fact that is not admitted: its step counts as one that has not ended. */
    void discard(Fact fact) {
        if (fact instanceof Fact.StepSettled settled && steps.remove(settled.step())) {
            stepsCut.incrementAndGet();
        }
        run.wake(); // it may have been the last
    }

    /** A step that has succeeded is in the journal. */
    void finished() {
        stepsFinished.incrementAndGet();
    }

    /** What has come of it, for a run that has ended in this way. */
    Drained drained(RunEnd.Over over) {
        return new Drained(
                over == RunEnd.Over.ENDED ? 1 : 0,
                over == RunEnd.Over.SUSPENDED ? 1 : 0,
                over == RunEnd.Over.BROKEN_DOWN ? 1 : 0,
                stepsFinished.get(),
                stepsCut.get());
    }
}
