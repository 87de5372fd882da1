package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.internal.BlockingPool;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.List;
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
 *   <li><b>Starting.</b> One thread at a time is the starter; subclasses decide which. It marks the step whose body it calls
 *       in {@link #starting}; the thread that clears the mark starts the following steps, see the table.
 *   <li><b>In flight.</b> {@link InFlight} has the steps that did not end at once, for the time-out and for cancel. Steps
 *       whose time is up are ended by an {@link Expiry}, those that are cancelled by {@link Cancels}.
 * </ul>
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
 * <p>All code of the user's runs either under the mark or on a {@link Lane}. The thread's interrupt flag is cleared after each
 * piece of it: what a body leaves behind meets no other body, no timer and no guard.
 */
abstract class Steps<I, O> {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(Lane.PATIENCE * StallWatch.TICK_MILLIS);

    final StepEngine engine;
    final RoundScope scope;
    final EngineSchedulers schedulers;
    final List<StepInterceptor> interceptors;
    final @Nullable StepTelemetry telemetry;
    private final @Nullable BlockingLevel blockingLevel;
    private final InFlight inFlight;
    private @Nullable WeakReference<Steps<?, ?>> watch;

    /** The step whose body has been called, or is being cancelled, and has not returned. */
    private volatile @Nullable Step<I, O> starting;

    /** The thread that starts steps; only that thread finds itself in here. */
    private @Nullable Thread starter;

    /** The starter is reporting the end of the step in {@link #starting}. */
    private volatile boolean telling;

    // The stall watch's own notes.
    private @Nullable Step<?, ?> seenStarting;
    private long seenStartingNanos;
    private volatile @Nullable Thread rescuer;

    /** A cancel handler was overdue. */
    private volatile boolean cancelsElsewhere;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Steps, @Nullable Step> STARTING =
            AtomicReferenceFieldUpdater.newUpdater(Steps.class, Step.class, "starting");

    Steps(StepEngine engine, UsageLedger usage) {
        this.engine = engine;
        this.scope = engine.core().newScope(usage);
        this.schedulers = engine.core().settings.schedulers();
        this.interceptors = engine.core().interceptors;
        this.telemetry = engine.core().telemetry;
        this.blockingLevel = BlockingLevel.current();
        this.inFlight = new InFlight(this, engine.core().settings.stepTimeoutNanos);
    }

    /** The context of a step, with where blocking bodies run and the blocking level of the caller that waits for the round. */
    final Context inherited(Context context) {
        Context inner = BlockingPool.in(context, engine.core().settings.blockingScheduler);
        return blockingLevel == null ? inner : blockingLevel.in(inner);
    }

    final long nanos() {
        return schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    final Instant now() {
        return engine.core().settings.now(schedulers.timer());
    }

    // --- what rounds and runs do their own way

    /** The context of steps that were not given one of their own. */
    abstract Context context();

    /** Nothing more is to be started. */
    abstract boolean isStopped();

    /** A step has ended, on whatever thread. {@code failure} is there if the result is one. */
    abstract void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure);

    /** A clock or timer of the user's throws: the step cannot be started. */
    abstract void noTime(Step<I, O> step, Throwable thrown);

    /** Starts the following steps after a body has held the starter; on a thread of the library. */
    abstract void resumeStarting();

    /** How many steps wait to be started, for the message of a time-out; negative if unknown. */
    abstract long waiting();

    /** Whether the subscriber that takes results may be holding the thread that ended the last step. */
    abstract boolean isDelivering();

    // --- beginning and end

    final void watchForStalls() {
        watch = StallWatch.watch(this);
    }

    final void forgetStalls() {
        if (watch != null) {
            StallWatch.forget(watch);
        }
    }

    /**
     * Takes out what is in flight, to be cancelled; what is started from now on is cancelled at once. Those that started last go
     * first: steps that wait for a place in a guard of the user's are gone before one of those they wait for makes room.
     */
    final Cancels cancels() {
        Cancels cancels = new Cancels(inFlight.close());
        Step<I, O> beingStarted = starting;
        if (beingStarted != null && beingStarted.isActive()) {
            cancels.addLast(beingStarted::cancel);
        }
        return cancels;
    }

    // --- starting

    /**
     * Starts a step on this thread. False if the body has kept the thread for so long that another has taken over: the
     * caller then starts nothing more.
     */
    final boolean start(Agent<? super I, ? extends O> agent, I input, long index) {
        return start(new Step<>(this, agent, input, index));
    }

    /** As {@link #start(Agent, Object, long)}. */
    final boolean start(Step<I, O> step) {
        boolean ownersFlag = Thread.interrupted(); // meant for whoever owns the thread, not for a body
        starter = Thread.currentThread();
        starting = step;
        if (isStopped()) { // the mark above and this look meet cancels(), which looks at them the other way round
            step.cancel();
        } else {
            step.start();
            if (step.isActive()) {
                enter(step);
            }
        }
        boolean goesOn = STARTING.compareAndSet(this, step, null);
        if (goesOn) {
            starter = null;
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
     * Cancels a step on the thread that starts steps; false as for {@link #start(Step)}. After a cancel handler that was
     * overdue, the others are called elsewhere: no thread waits for each of them in turn.
     */
    final boolean cancel(Step<I, O> step) {
        if (!step.isActive()) {
            return true;
        }
        if (cancelsElsewhere) {
            Cancels.unawaited(step::cancel);
            return true;
        }
        starting = step;
        Cancels cancels = new Cancels(null);
        cancels.addLast(step::cancel);
        Thread caller = Thread.currentThread();
        cancels.here(() -> {
            if (Thread.currentThread() != caller) {
                cancelsElsewhere = true;
                if (STARTING.compareAndSet(this, step, null)) {
                    resumeStarting();
                }
            }
        });
        return STARTING.compareAndSet(this, step, null);
    }

    private void enter(Step<I, O> step) {
        try {
            if (!inFlight.enter(step)) {
                Cancels cancels = new Cancels(null);
                cancels.addLast(step::cancel);
                cancels.elsewhere();
            }
        } catch (Throwable noTimer) {
            step.threw(noTimer);
        }
    }

    // --- what is kept by the user's code

    /** On the stall watch's thread. */
    void checkForStall(long now) {
        if (inFlight.isTimerLost()) {
            rescue(new Expiry(inFlight));
        }
        Step<I, O> step = starting;
        boolean toldOf = telling && step != null && !step.isActive();
        if (step == null || step != seenStarting || (!step.isActive() && !toldOf && isDelivering())) {
            seenStarting = step; // a step that has ended and a result on its way: it is downstream that takes its time
            seenStartingNanos = now;
        } else if (isPast(toldOf ? PATIENCE_NANOS : engine.core().settings.stepTimeoutNanos, now)) {
            rescue(() -> takeOverStarting(step));
            seenStartingNanos = now;
        }
    }

    private boolean isPast(long limitNanos, long now) {
        return limitNanos > 0 && now - seenStartingNanos >= limitNanos;
    }

    static void rescue(Runnable takingOver) {
        Thread rescue = new Thread(takingOver, "flotilla-rescue");
        rescue.setDaemon(true);
        rescue.start();
    }

    private void takeOverStarting(Step<I, O> stalled) {
        if (STARTING.compareAndSet(this, stalled, null)) {
            telling = false;
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

    // --- the end of a step

    /** On the timer's thread; what follows may run code of the user's, so it goes to the worker. */
    final void timeOutDue() {
        Expiry expiry = new Expiry(inFlight);
        try {
            schedulers.worker().schedule(expiry);
        } catch (Throwable disposed) {
            rescue(expiry);
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
                engine.core().stepTimeoutOrZero());
    }

    final void ended(Step<I, O> step, StepResult<O> result) {
        if (step.listed) {
            inFlight.leave(step);
        }
        boolean bodysFlag = Thread.interrupted();
        StepFailure failure = result.isFailure() ? StepFailure.of(result, step.stepId()) : null;
        settled(step, result, failure);
        if (bodysFlag) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the end of a step is to be reported to a registry, the log or the feed. */
    final boolean isToBeTold(@Nullable StepFailure failure) {
        return failure != null || telemetry != null;
    }

    /** Reports to registries, the log and the feed: user code, which may not return. */
    final void tell(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure) {
        if (telemetry != null) {
            try {
                telemetry.stepEnded(step, result);
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
        if (failure != null) {
            try {
                engine.core().failures.report(failure);
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
    }

    /**
     * Reports the end of a step and runs the rest, which does not wait for a report that holds its thread. The starter runs
     * the rest first, which is only a note for itself; the watch sees the mark of the step it starts.
     */
    final void tellAndGoOn(Runnable tells, Runnable rest) {
        if (starter != Thread.currentThread()) {
            Relay.run(tells, rest);
            return;
        }
        rest.run();
        telling = true;
        tells.run();
        telling = false;
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
