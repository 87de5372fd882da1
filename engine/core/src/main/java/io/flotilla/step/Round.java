package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.micrometer.observation.Observation;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One subscription to a stream of results: starts steps, merges their results, ends when all have ended.
 *
 * <p>What it does is what {@code Flux.merge(steps, concurrency)} over deferred and guarded {@code Mono}s does; that
 * version is kept in the tests, and both pass the same suite. Why an operator of our own: the merge looks at all its
 * inner subscribers whenever one of them ends, so a step costs more the more are in flight; its inner subscriber, the
 * chain that guards a step, and a timer for each are several times what the step itself costs; and a body that blocks on
 * subscribe holds the merge.
 *
 * <p>Three parts that do not wait for each other:
 *
 * <ul>
 *   <li><b>Starting.</b> One thread at a time starts steps, whoever came with a free place (subclasses say how). A step
 *       being started stands in {@link #starting}; the starter takes it out when the body has returned.
 *   <li><b>In flight.</b> {@link InFlight} has the steps that did not end at once, for the time-out and for cancel. Steps
 *       whose time is up are ended one after another on a worker; the one being ended stands in {@link #expiring}.
 *   <li><b>Delivering.</b> {@link Delivery} brings results downstream as they are asked for.
 * </ul>
 *
 * <p>Starting and ending call the user's code, which may not return. Whoever does either can be replaced: {@link StallWatch}
 * looks at the two marks, and where one stands too long a thread of our own takes it out and goes on; the thread that was
 * kept finds its mark gone when it comes back, and does nothing more.
 *
 * <p>A step that ends at once costs two atomic writes for its start, one for its end, three for its delivery, and no lock.
 */
abstract class Round<I, O> implements Subscription {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    final StepEngine engine;
    final RoundScope scope;
    final EngineSchedulers schedulers;
    final List<StepInterceptor> interceptors;
    final @Nullable StepTelemetry telemetry;
    final @Nullable Observation observation;
    final Context context;
    private final CoreSubscriber<? super StepResult<O>> downstream;
    private final boolean failFast;
    private final InFlight inFlight;
    private final Delivery<O> delivery;
    private @Nullable WeakReference<Round<?, ?>> watch;

    /** The step whose body has been called and has not returned. */
    private volatile @Nullable Step<I, O> starting;

    /** The step whose time is up and whose body is being told so. */
    private volatile @Nullable Step<?, ?> expiring;

    // The stall watch's own notes.
    private @Nullable Step<?, ?> seenStarting;
    private @Nullable Step<?, ?> seenExpiring;
    private long seenStartingNanos;
    private volatile @Nullable Thread rescuer;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Round, @Nullable Step> STARTING =
            AtomicReferenceFieldUpdater.newUpdater(Round.class, Step.class, "starting");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Round, @Nullable Step> EXPIRING =
            AtomicReferenceFieldUpdater.newUpdater(Round.class, Step.class, "expiring");

    Round(StepEngine engine, boolean failFast, CoreSubscriber<? super StepResult<O>> downstream, UsageLedger usage) {
        this.engine = engine;
        this.downstream = downstream;
        this.failFast = failFast;
        this.scope = engine.newScope(usage);
        this.schedulers = engine.schedulers();
        this.interceptors = engine.interceptors();
        this.telemetry = engine.telemetry();
        this.inFlight = new InFlight(this, engine.stepTimeoutNanos());
        this.delivery = new Delivery<>(this, downstream);
        Context subscriber = downstream.currentContext();
        this.observation = telemetry == null ? null : observed(telemetry, subscriber);
        this.context = StepTelemetry.within(observation, subscriber);
    }

    private @Nullable Observation observed(StepTelemetry told, Context subscriber) {
        try {
            return told.roundStarted(scope, subscriber);
        } catch (Throwable thrown) {
            untold(thrown);
            return null;
        }
    }

    long nanos() {
        return schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    Instant now() {
        return engine.now(schedulers.timer());
    }

    // --- the round as a whole

    /** To be called once, before anything else: tells downstream. */
    final void open() {
        if (engine.stepTimeoutNanos() > 0) {
            watch = StallWatch.watch(this);
        }
        try {
            downstream.onSubscribe(this);
        } catch (Throwable thrown) {
            cancel();
            throw thrown;
        }
    }

    /** Nothing more is to be started. */
    final boolean isStopped() {
        return delivery.isStopped();
    }

    /** No more steps will start: {@code steps} is how many did. {@code cause} follows the last result, if there is one. */
    final void sourceEnded(long steps, @Nullable Throwable cause) {
        placesFreed(delivery.sourceEnded(steps, cause));
    }

    /** Gives {@code places} places, whose results have been delivered, to steps not started yet. */
    abstract void placesFreed(int places);

    /** The round has been cancelled, from below or by a failure: the source is of no use any more. */
    abstract void stopSource();

    /** Goes on starting after a body has kept the thread that did; on a thread of our own. */
    abstract void resumeStarting();

    /** How many steps of the round wait to be started, for the message of a time-out; negative if unknown. */
    abstract long waiting();

    @Override
    public final void request(long n) {
        if (Operators.validate(n)) {
            placesFreed(delivery.request(n));
        }
    }

    @Override
    public final void cancel() {
        if (delivery.close()) {
            stopSource();
            over("cancelled", null);
            delivery.drain();
        }
    }

    /** Fails the round ahead of whatever waits. */
    final void fail(Throwable cause) {
        if (delivery.fail(cause)) {
            stopSource();
            cancelSteps();
            delivery.drain();
        }
    }

    /** Called by the delivery right before it tells downstream of the end. */
    final void ending(@Nullable Throwable cause) {
        over(cause == null ? "completed" : "failed", cause);
    }

    private void over(String outcome, @Nullable Throwable cause) {
        if (watch != null) {
            StallWatch.forget(watch);
        }
        cancelSteps();
        try {
            StepTelemetry.roundEnded(observation, outcome, cause);
        } catch (Throwable thrown) {
            untold(thrown);
        }
    }

    private void cancelSteps() {
        Step<?, ?> step = inFlight.close();
        while (step != null) {
            Step<?, ?> next = step.next;
            step.next = null;
            step.previous = null;
            step.cancel();
            step = next;
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
        } catch (Throwable noTime) { // a clock or timer of the user's that throws
            fail(noTime);
            return false;
        }
        starting = step;
        if (isStopped()) { // the mark above and this look meet cancel(), which looks at them the other way round
            step.cancel();
            return STARTING.compareAndSet(this, step, null);
        }
        step.start();
        if (step.isActive()) {
            enter(step);
        }
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
        if (step == null || step != seenStarting || (!step.isActive() && delivery.isBusy())) {
            seenStarting = step; // a step that has ended and a result on its way: it is downstream that takes its time
            seenStartingNanos = now;
        } else if (now - seenStartingNanos >= engine.stepTimeoutNanos()) {
            seenStartingNanos = now;
            rescue(() -> takeOverStarting(step));
        }
    }

    private static void rescue(Runnable takingOver) {
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
        if (stepFailure != null && failFast) {
            fail(new StepFailedException(stepFailure));
        } else {
            placesFreed(delivery.deliver(result));
        }
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
