package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.context.Context;

/**
 * The steps of a round or of a run: starts them one at a time, ends those whose time is up, cancels what is in flight.
 *
 * <ul>
 *   <li><b>Starting.</b> One thread at a time starts steps (subclasses say who). A step being started stands in {@link
 *       #starting}; the starter takes it out when the body has returned.
 *   <li><b>In flight.</b> {@link InFlight} has the steps that did not end at once, for the time-out and for cancel. Steps
 *       whose time is up are ended one after another on a worker; the one being ended stands in {@link #expiring}.
 * </ul>
 *
 * <p>Starting and ending call the user's code, which may not return. Whoever does either can be replaced: {@link StallWatch}
 * looks at the two marks, and where one stands too long a thread of our own takes it out and goes on; the thread that was
 * kept finds its mark gone when it comes back, and does nothing more.
 */
abstract class Steps<I, O> {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    final StepEngine engine;
    final RoundScope scope;
    final EngineSchedulers schedulers;
    final List<StepInterceptor> interceptors;
    final @Nullable StepTelemetry telemetry;
    private final InFlight inFlight;
    private @Nullable WeakReference<Steps<?, ?>> watch;

    /** The step whose body has been called, or told that it is cancelled, and has not returned. */
    private volatile @Nullable Step<I, O> starting;

    /** The step whose time is up and whose body is being told so. */
    private volatile @Nullable Step<?, ?> expiring;

    // The stall watch's own notes.
    private @Nullable Step<?, ?> seenStarting;
    private @Nullable Step<?, ?> seenExpiring;
    private long seenStartingNanos;
    private volatile @Nullable Thread rescuer;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Steps, @Nullable Step> STARTING =
            AtomicReferenceFieldUpdater.newUpdater(Steps.class, Step.class, "starting");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Steps, @Nullable Step> EXPIRING =
            AtomicReferenceFieldUpdater.newUpdater(Steps.class, Step.class, "expiring");

    Steps(StepEngine engine, UsageLedger usage) {
        this.engine = engine;
        this.scope = engine.newScope(usage);
        this.schedulers = engine.schedulers();
        this.interceptors = engine.interceptors();
        this.telemetry = engine.telemetry();
        this.inFlight = new InFlight(this, engine.stepTimeoutNanos());
    }

    final long nanos() {
        return schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    final Instant now() {
        return engine.now(schedulers.timer());
    }

    // --- what rounds and runs do their own way

    /** The context of steps that were not given one of their own. */
    abstract Context context();

    /** Nothing more is to be started. */
    abstract boolean isStopped();

    /** A step has ended, on whatever thread. {@code failure} is there if the result is one. */
    abstract void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure);

    /** A clock or timer of the user's throws: no step can be started. */
    abstract void noTime(Throwable thrown);

    /** Goes on starting after a body has kept the thread that did; on a thread of our own. */
    abstract void resumeStarting();

    /** How many steps wait to be started, for the message of a time-out; negative if unknown. */
    abstract long waiting();

    /** Whether the thread that ended the last step may be kept by whoever takes its result. */
    abstract boolean isDelivering();

    // --- beginning and end

    final void watchForStalls() {
        if (engine.stepTimeoutNanos() > 0) {
            watch = StallWatch.watch(this);
        }
    }

    final void forgetStalls() {
        if (watch != null) {
            StallWatch.forget(watch);
        }
    }

    /**
     * Cancels what is in flight; what is started from now on is cancelled at once. Those that started last go first: steps that
     * wait for a place in a guard of the user's are gone before one of those they wait for makes room.
     */
    final void cancelSteps() {
        Step<?, ?> step = inFlight.close();
        while (step != null) {
            Step<?, ?> before = step.previous;
            step.next = null;
            step.previous = null;
            step.cancel();
            step = before;
        }
        Step<I, O> beingStarted = starting;
        if (beingStarted != null) {
            beingStarted.cancel();
        }
    }

    // --- starting

    /**
     * Starts a step on this thread. False if the body has kept the thread for so long that another has taken over: the
     * caller then starts nothing more.
     */
    final boolean start(Agent<? super I, ? extends O> agent, I input, long index) {
        Step<I, O> step;
        try {
            step = new Step<>(this, agent, input, index);
        } catch (Throwable noTime) {
            noTime(noTime);
            return false;
        }
        return start(step);
    }

    /** As {@link #start(Agent, Object, long)}. */
    final boolean start(Step<I, O> step) {
        starting = step;
        if (isStopped()) { // the mark above and this look meet cancelSteps(), which looks at them the other way round
            step.cancel();
            return STARTING.compareAndSet(this, step, null);
        }
        step.start();
        if (step.isActive()) {
            enter(step);
        }
        return STARTING.compareAndSet(this, step, null);
    }

    /** Cancels a step on the thread that starts steps; false as for {@link #start(Step)}. */
    final boolean cancel(Step<I, O> step) {
        starting = step;
        step.cancel();
        return STARTING.compareAndSet(this, step, null);
    }

    private void enter(Step<I, O> step) {
        try {
            if (!inFlight.enter(step)) {
                step.cancel();
            }
        } catch (Throwable noTimer) {
            step.threw(noTimer);
        }
    }

    // --- what is kept by the user's code

    /** On the stall watch's thread. */
    final void checkForStall(long now) {
        Step<?, ?> ending = expiring;
        if (ending != null && ending == seenExpiring) {
            seenExpiring = null;
            rescue(() -> takeOverExpiring(ending));
        } else {
            seenExpiring = ending;
        }
        Step<I, O> step = starting;
        if (step == null || step != seenStarting || (!step.isActive() && isDelivering())) {
            seenStarting = step; // a step that has ended and a result on its way: it is downstream that takes its time
            seenStartingNanos = now;
        } else if (now - seenStartingNanos >= engine.stepTimeoutNanos()) {
            seenStartingNanos = now;
            rescue(() -> takeOverStarting(step));
        }
    }

    static void rescue(Runnable takingOver) {
        Thread rescue = new Thread(takingOver, "flotilla-rescue");
        rescue.setDaemon(true);
        rescue.start();
    }

    private void takeOverStarting(Step<I, O> stalled) {
        if (STARTING.compareAndSet(this, stalled, null)) {
            Thread before = rescuer;
            rescuer = Thread.currentThread();
            if (stalled.claimTimeOut()) {
                if (before != null) {
                    before.interrupt(); // our own thread, kept by this body; the subscriber's is not ours
                }
                rescue(stalled::endStalled);
            }
            resumeStarting();
        }
    }

    private void takeOverExpiring(Step<?, ?> kept) {
        if (EXPIRING.compareAndSet(this, kept, null)) {
            kept.endTimeOut();
            expire();
        }
    }

    // --- the end of a step

    /** On the timer's thread; what follows may run code of the user's, so it goes to the worker. */
    final void timeOutDue() {
        try {
            schedulers.worker().schedule(this::expire);
        } catch (RejectedExecutionException disposed) {
            rescue(this::expire);
        }
    }

    private void expire() {
        for (Step<?, ?> due = inFlight.takeDue(); due != null; due = inFlight.takeDue()) {
            expiring = due;
            due.timeOut(inFlight.timerFailure());
            if (!EXPIRING.compareAndSet(this, due, null)) {
                return; // somebody else goes on
            }
        }
    }

    final StepTimeoutException timeoutOf(Step<I, O> step) {
        long waiting = waiting();
        String hint = waiting > 0
                ? "; " + waiting + " steps of the round had not been started yet, concurrency is "
                        + engine.concurrency()
                : "";
        return new StepTimeoutException(
                "agent " + step.agentId + " passed the step timeout of " + engine.stepTimeout() + hint,
                engine.stepTimeoutOrZero());
    }

    final void ended(Step<I, O> step, StepResult<O> result) {
        if (step.listed) {
            inFlight.leave(step);
        }
        StepFailure stepFailure = result.isFailure() ? StepFailure.of(result, step.stepId()) : null;
        if (telemetry != null) {
            try {
                telemetry.stepEnded(step, result);
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
        if (stepFailure != null) {
            try {
                engine.report(stepFailure);
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
        settled(step, result, stepFailure);
    }

    final void cancelled(Step<I, O> step) {
        if (step.listed) {
            inFlight.leave(step);
        }
        if (telemetry != null) {
            try {
                telemetry.stepCancelled(step);
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
    }

    /** A log appender, a registry or an observation handler that throws must not take a result with it. */
    static void untold(Throwable thrown) {
        try {
            LOG.error("telling of a step failed", thrown);
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }
}
