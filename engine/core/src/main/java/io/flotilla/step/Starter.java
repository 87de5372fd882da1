package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Calls the bodies of a round or run, one at a time, and notices those that keep the thread.
 *
 * <p>One thread at a time is the starter; the owner of the steps decides which. It marks the step whose body it calls in
 * {@link #starting}; the thread that clears the mark starts the following steps:
 *
 * <pre>
 * mark  becomes  by                                              then
 * none  step     the starter, in start(step) or cancel(step)     it calls the body, or cancels it
 * step  none     the starter: the call has returned              it continues; the method returns true
 * step  none     a rescue thread: the body has held the starter  it claims the step's time-out and starts the
 *                for the step timeout, or the report of the      following steps; the former starter finds the mark
 *                step's end has for Lane.PATIENCE looks          gone, returns false and starts nothing more
 * step  none     the thread that waits for a cancel handler,     it starts the following steps, later cancels run
 *                once the handler is overdue                     elsewhere; the former starter as above
 * </pre>
 *
 * <p>The thread's interrupt flag is cleared after each piece of user code: what a body leaves behind meets no other body, no
 * timer and no guard.
 */
final class Starter<I, O> {

    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(Lane.PATIENCE * StallWatch.TICK_MILLIS);

    private final Steps<I, O> steps;

    /** The step whose body has been called, or is being cancelled, and has not returned. */
    private volatile @Nullable Step<I, O> starting;

    /** The thread that starts steps; only that thread finds itself in here. */
    private @Nullable Thread thread;

    /**
     * The thread while it is reporting the end of the step in {@link #starting}. One that has been taken over meanwhile finds another
     * there, whose mark it leaves alone. The watch looks again and again, so no fence is needed.
     */
    private volatile @Nullable Thread reporting;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Starter, @Nullable Thread> REPORTING =
            AtomicReferenceFieldUpdater.newUpdater(Starter.class, Thread.class, "reporting");

    /** The object of a step that was computed in one go and that nobody else has seen; the starter's own. */
    private @Nullable Step<I, O> spare;

    /** The stall watch's own. */
    private final StallNotes seen = new StallNotes();

    private volatile @Nullable Thread rescuer;

    /** A cancel handler was overdue. */
    private volatile boolean cancelsElsewhere;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Starter, @Nullable Step> STARTING =
            AtomicReferenceFieldUpdater.newUpdater(Starter.class, Step.class, "starting");

    Starter(Steps<I, O> steps) {
        this.steps = steps;
    }

    /** The step whose body may be running on the starter right now. */
    @Nullable Step<I, O> starting() {
        return starting;
    }

    /**
     * The next step of a list or stream, to be started. Where bodies are computed in one go it is one object again and again:
     * the watch marks those it looks at, and all else that keeps a step keeps its object from {@link #reuse}. {@code follows}:
     * it starts where the one before has ended.
     */
    Step<I, O> next(Agent<? super I, ? extends O> agent, I input, long index, boolean follows) {
        Step<I, O> again = spare;
        spare = null;
        if (again == null || again.watched) {
            return new Step<>(steps, agent, input, index, null, steps.context());
        }
        again.reset(agent, input, index, follows, steps.context());
        return again;
    }

    /** To be called for a step whose result was taken from it, or that has ended at once. */
    void reuse(Step<I, O> step) {
        spare = step;
    }

    /**
     * Starts a step on this thread. False if the body has kept the thread for so long that another has taken over: the
     * caller then starts nothing more.
     */
    boolean start(Step<I, O> step) {
        return start(step, null);
    }

    /** As {@link #start(Step)}; {@code refusal} is why the body is not called, if it is not. */
    boolean start(Step<I, O> step, @Nullable Throwable refusal) {
        boolean ownersFlag = Thread.interrupted(); // meant for whoever owns the thread, not for a body
        thread = Thread.currentThread();
        starting = step;
        if (steps.owner
                .isStopped()) { // the mark above and this look meet Steps.cancels(), which looks the other way round
            step.cancel();
        } else if (steps.owner.passedRoundTimeout() != null) {
            step.skip();
        } else {
            if (refusal == null) {
                step.start();
            } else {
                step.refuse(refusal);
            }
            if (!step.isComputed() && step.isActive()) {
                steps.enter(step);
            }
        }
        boolean goesOn = STARTING.compareAndSet(this, step, null);
        if (goesOn) {
            thread = null;
        } else {
            step.settleComputed();
        }
        restore(ownersFlag);
        return goesOn;
    }

    /** Clears what user code has left behind. */
    @SuppressWarnings("ResultOfMethodCallIgnored")
    static void restore(boolean ownersFlag) {
        Thread.interrupted();
        if (ownersFlag) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Cancels a step on the thread that starts steps; false as for {@link #start}. After a cancel handler that was overdue,
     * the others are called elsewhere: no thread waits for each of them in turn.
     */
    boolean cancel(Step<I, O> step) {
        if (!step.isActive()) {
            return true;
        }
        if (cancelsElsewhere) {
            Cancels.unawaited(step::cancel);
            return true;
        }
        starting = step;
        Thread caller = Thread.currentThread();
        Cancels.of(step).here(() -> {
            if (Thread.currentThread() != caller) {
                cancelsElsewhere = true;
                if (STARTING.compareAndSet(this, step, null)) {
                    steps.owner.resumeStarting();
                }
            }
        });
        return STARTING.compareAndSet(this, step, null);
    }

    /**
     * Reports the end of a step and runs the rest, which does not wait for a report that holds its thread. The starter runs
     * the rest first, which is only a note for itself; the watch sees the mark of the step it starts.
     */
    void reportAndContinue(Runnable reports, Runnable rest) {
        Thread caller = Thread.currentThread();
        if (thread != caller) {
            Relay.run(reports, rest);
            return;
        }
        rest.run();
        REPORTING.lazySet(this, caller);
        reports.run();
        REPORTING.compareAndSet(this, caller, null);
    }

    // --- what is kept by the user's code

    /**
     * On the stall watch's thread. Both limits are time that has passed, also where the machine stood still: a step has the same time as by its
     * timer, and of one that has ended another thread only goes on with the others.
     */
    void checkForStall(long now) {
        Step<I, O> step = starting;
        boolean reports = reporting != null && step != null && !step.isActive();
        if (step == null || !seen.isOf(step) || (!step.isActive() && !reports && steps.owner.isDelivering())) {
            seen.begin(step); // a step that has ended and a result on its way: it is downstream that takes its time
        } else if (seen.isPast(reports ? PATIENCE_NANOS : step.limitNanos(), now)) {
            rescue(() -> takeOver(step, false));
            seen.begin(step);
        } else if (!reports && seen.isIdle(step, now)) {
            rescue(() -> takeOver(step, true));
            seen.begin(step);
        }
    }

    /** Runs something on a thread of its own, for one that user code holds. */
    static void rescue(Runnable takingOver) {
        Thread rescue = new Thread(takingOver, "flotilla-rescue");
        rescue.setDaemon(true);
        rescue.start();
    }

    /** The time of all steps is up: also of the one whose body is on the starter right now. */
    void expire() {
        Step<I, O> step = starting;
        if (step != null && step.isActive()) {
            rescue(() -> takeOver(step, false));
        }
    }

    private void takeOver(Step<I, O> stalled, boolean idle) {
        if (STARTING.compareAndSet(this, stalled, null)) {
            reporting = null;
            Thread before = rescuer;
            rescuer = Thread.currentThread();
            if (stalled.claimTimeOut(idle)) {
                if (before != null) {
                    before.interrupt(); // our own thread, kept by this body; the subscriber's is not ours
                }
                rescue(stalled::endStalled);
            }
            steps.owner.resumeStarting();
        }
    }
}
