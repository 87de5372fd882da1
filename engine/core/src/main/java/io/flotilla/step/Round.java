package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.micrometer.observation.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
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
 *       being started stands in {@link #starting}; the starter takes it out when the body has returned. If the body does
 *       not return, {@link StallWatch} takes it out instead: the blocked thread has lost its role, another goes on.
 *   <li><b>In flight.</b> {@link InFlight} has the steps that did not end at once, for the time-out and for cancel.
 *   <li><b>Delivering.</b> Results go downstream from one thread at a time, whoever ended a step ({@link #wip}); others
 *       leave theirs in {@link #ready}. A place is free again when its result has been delivered, so {@code ready} never
 *       holds more than {@code concurrency} results, and no more steps than that start ahead of demand. The place is
 *       handed on after {@code wip} has been given up: a body that blocks holds no result back.
 * </ul>
 *
 * <p>A step that ends at once costs two atomic writes for its start, one for its end, three for its delivery, and no lock.
 */
abstract class Round<I, O> implements Subscription {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    /** The number of steps is not known yet. */
    private static final long UNKNOWN = -1;

    private static final int RUNNING = 0;
    private static final int OVER = 1;

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
    private final boolean watched;

    /** The step whose body has been called and has not returned. */
    private volatile @Nullable Step<I, O> starting;

    // The stall watch's own notes.
    private @Nullable Step<I, O> seenStarting;
    private long seenStartingNanos;
    private @Nullable Thread rescuer;

    /** Results that wait for demand, or for the thread that delivers. */
    private final Queue<StepResult<O>> ready =
            Queues.<StepResult<O>>unboundedMultiproducer().get();

    private volatile int wip;
    private volatile long requested;
    private volatile int phase;

    /** How many steps there are, once that is known. */
    private volatile long total = UNKNOWN;

    /** What ends the round at once, ahead of results that wait. */
    private volatile @Nullable Throwable failure;

    /** What ends the round after the last result. */
    private volatile @Nullable Throwable sourceFailure;

    /** Only touched while holding {@link #wip}. */
    private long delivered;

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Round, @Nullable Step> STARTING =
            AtomicReferenceFieldUpdater.newUpdater(Round.class, Step.class, "starting");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Round> WIP =
            AtomicIntegerFieldUpdater.newUpdater(Round.class, "wip");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<Round> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(Round.class, "requested");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Round> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(Round.class, "phase");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Round, @Nullable Throwable> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(Round.class, Throwable.class, "failure");

    Round(StepEngine engine, boolean failFast, CoreSubscriber<? super StepResult<O>> downstream) {
        this.engine = engine;
        this.downstream = downstream;
        this.failFast = failFast;
        this.scope = engine.newScope();
        this.schedulers = engine.schedulers();
        this.interceptors = engine.interceptors();
        this.telemetry = engine.telemetry();
        this.inFlight = new InFlight(this, engine.stepTimeoutNanos());
        this.watched = engine.stepTimeoutNanos() > 0;
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
        if (watched) {
            StallWatch.watch(this);
        }
        try {
            downstream.onSubscribe(this);
        } catch (Throwable thrown) {
            cancel();
            throw thrown;
        }
    }

    private boolean isOver() {
        return phase != RUNNING;
    }

    /** Nothing more is to be started: the round is over, or will be as soon as downstream can be told. */
    final boolean isStopped() {
        return phase != RUNNING || failure != null;
    }

    /** No more steps will start: {@code steps} is how many did. {@code cause} follows the last result, if there is one. */
    final void sourceEnded(long steps, @Nullable Throwable cause) {
        sourceFailure = cause;
        total = steps;
        placesFreed(drain());
    }

    /** Gives {@code places} places, whose results have been delivered, to steps not started yet. */
    abstract void placesFreed(int places);

    /** The round has been cancelled, from below or by a failure: the source is of no use any more. */
    abstract void stopSource();

    /** Goes on starting after a body has kept the thread that did; on a thread of our own. */
    abstract void resumeStarting();

    /** How many steps of the round wait to be started, for the message of a time-out; negative if unknown. */
    abstract long waiting();

    private boolean close() {
        if (!PHASE.compareAndSet(this, RUNNING, OVER)) {
            return false;
        }
        if (watched) {
            StallWatch.forget(this);
        }
        return true;
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

    @Override
    public final void cancel() {
        if (close()) {
            stopSource();
            cancelSteps();
            tellRoundEnded("cancelled", null);
            if (WIP.getAndIncrement(this) == 0) {
                discardReady();
            }
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
        } catch (RuntimeException noTimer) {
            step.threw(noTimer);
        }
    }

    /** On the stall watch's thread. */
    final void checkForStall(long now) {
        Step<I, O> step = starting;
        if (step == null || step != seenStarting) {
            seenStarting = step;
            seenStartingNanos = now;
        } else if (now - seenStartingNanos >= engine.stepTimeoutNanos() && STARTING.compareAndSet(this, step, null)) {
            seenStarting = null;
            rescue(step);
        }
    }

    private void rescue(Step<I, O> stalled) {
        Thread before = rescuer;
        Thread rescue = new Thread(
                () -> {
                    stalled.timeOut();
                    if (before != null) {
                        before.interrupt(); // our own thread, kept by this body; the subscriber's is not ours
                    }
                    resumeStarting();
                },
                "flotilla-rescue");
        rescue.setDaemon(true);
        rescuer = rescue;
        rescue.start();
    }

    // --- the end of a step

    /** On the timer's thread; what follows may run code of the user's, so it goes to the worker. */
    final void timeOut(Step<?, ?> due) {
        schedulers.worker().schedule(() -> {
            for (Step<?, ?> step = due; step != null; ) {
                Step<?, ?> next = step.next;
                step.next = null;
                step.timeOut();
                step = next;
            }
        });
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
        StepFailure stepFailure = result.isFailure() ? StepFailure.of(result, step.toString()) : null;
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
            deliver(result);
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

    private void tellRoundEnded(String outcome, @Nullable Throwable cause) {
        try {
            StepTelemetry.roundEnded(observation, outcome, cause);
        } catch (Throwable thrown) {
            untold(thrown);
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

    // --- delivering

    @Override
    public final void request(long n) {
        if (Operators.validate(n)) {
            Operators.addCap(REQUESTED, this, n);
            placesFreed(drain());
        }
    }

    private void deliver(StepResult<O> result) {
        if (wip == 0 && WIP.compareAndSet(this, 0, 1)) {
            int freed = 0;
            if (requested != delivered && ready.isEmpty() && !isStopped()) {
                emit(result);
                freed = 1;
            } else {
                ready.offer(result);
            }
            placesFreed(freed + drainLoop());
        } else {
            ready.offer(result);
            placesFreed(drain());
        }
    }

    /** Fails the round ahead of whatever waits. */
    private void fail(Throwable cause) {
        if (FAILURE.compareAndSet(this, null, cause)) {
            stopSource();
            cancelSteps();
            drain();
        }
    }

    /** Returns the number of places that came free. */
    private int drain() {
        return WIP.getAndIncrement(this) == 0 ? drainLoop() : 0;
    }

    private int drainLoop() {
        int missed = 1;
        int freed = 0;
        again:
        for (; ; ) {
            if (isOver()) {
                discardReady();
                return 0;
            }
            Throwable cause = failure;
            if (cause != null) {
                end(cause);
                return 0;
            }
            for (long demand = requested; delivered != demand; freed++) {
                StepResult<O> result = ready.poll();
                if (result == null) {
                    break;
                }
                emit(result);
                if (isStopped()) {
                    continue again;
                }
            }
            if (delivered == total) {
                end(sourceFailure);
                return 0;
            }
            missed = WIP.addAndGet(this, -missed);
            if (missed == 0) {
                return freed;
            }
        }
    }

    private void emit(StepResult<O> result) {
        delivered++;
        try {
            downstream.onNext(result);
        } catch (Throwable thrown) {
            // Reactor throws what it holds for fatal instead of signalling it. Without an end the round would hang.
            fail(thrown);
        }
    }

    private void end(@Nullable Throwable cause) {
        if (!close()) {
            return;
        }
        cancelSteps();
        discardReady();
        tellRoundEnded(cause == null ? "completed" : "failed", cause);
        if (cause == null) {
            downstream.onComplete();
        } else {
            downstream.onError(cause);
        }
    }

    private void discardReady() {
        Operators.onDiscardQueueWithClear(ready, context, null);
    }
}
