package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.internal.StepMdc;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One step in a round: subscribes to the agent's body, guards it, and makes exactly one result of whatever it does.
 *
 * <p>What the naive version has as a chain ({@code defer}, {@code map}, {@code onErrorResume}, {@code timeout}, an inner
 * subscriber of the merge) is one object here. The body's signals, the time-out, a stall and a cancel race for {@link
 * #state}; the winner ends the step, every other thread finds it ended and does nothing.
 *
 * <pre>
 * from        to          by                                          then
 * ACTIVE      ENDED       the body: value, completion, error, throw   result: succeeded, degraded, failed, rejected
 * ACTIVE      ENDED       an Expiry: the timer has been lost          result: failed; the body is cancelled
 * ACTIVE      ENDED       a cancel of the step, or of its round       no result; the body is cancelled
 * ACTIVE      ENDED       the starter: the round's time is up         result: timed out; the body is not called
 * ACTIVE      TIMING_OUT  an Expiry: the timeout has passed           the body is cancelled, then TIMING_OUT ends
 *             IDLING_OUT  the same, of the idle timeout, all the way
 * ACTIVE      TIMING_OUT  a rescue thread: the body holds the thread  TIMING_OUT ends, then the body is cancelled
 *                         it was started on
 * TIMING_OUT  ENDED       the thread that cancels the body; or, if    result: timed out
 *                         the cancel does not return, the call watch
 * </pre>
 *
 * <p>Nothing of the user's is called before {@link #start()}, where the stall watch sees what keeps the thread.
 *
 * <p>Every call into the body is guarded: assembly, subscribe, request and cancel. Reactor does not signal what it holds
 * for fatal ({@link LinkageError}, {@link VirtualMachineError}) but throws it at the caller, which is this class. What
 * is thrown on a thread of the body's own reaches no caller; the time-out ends such a step.
 */
final class Step<I, O> extends CalledStep<I, O> implements CoreSubscriber<O> {

    private static final int ACTIVE = 0;
    private static final int TIMING_OUT = 1;
    private static final int ENDED = 2;
    private static final int IDLING_OUT = 3;

    private Context context;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile @Nullable Observation observation;

    /** {@link #ACTIVE}, then {@link #ENDED}; between them {@link #TIMING_OUT} or {@link #IDLING_OUT} while the body is being cancelled. */
    private volatile int state;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile @Nullable Subscription body;

    /** How a body ended that was computed in one go; the starter's own, until it has taken it. */
    private @Nullable StepResult<O> computed;

    /** The starter's own. */
    private boolean endedAtOnce;

    /** The stall watch has seen this step: its object is not used for another. */
    volatile boolean watched;

    /** What it holds, under an engine's limit; it is given back when the step has ended. */
    private volatile @Nullable Permit permit;

    /** Where the step may be; written by the starter, read by the thread that ends the step. */
    volatile @Nullable InFlight listed;

    // The list's own, guarded by it.
    boolean linked;

    @Nullable Step<?, ?> previous;

    @Nullable Step<?, ?> next;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Step> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Step.class, "state");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Step, @Nullable Subscription> BODY =
            AtomicReferenceFieldUpdater.newUpdater(Step.class, Subscription.class, "body");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Step, @Nullable Observation> OBSERVATION =
            AtomicReferenceFieldUpdater.newUpdater(Step.class, Observation.class, "observation");

    /** A step of a run has an identity of its own, and its branch's context. */
    Step(
            StepHost<I, O> host,
            Agent<? super I, ? extends O> agent,
            I input,
            long index,
            @Nullable StepIdentity identity,
            Context context) {
        super(host, agent, input, index, identity);
        this.context = context;
    }

    /**
     * Asks the clock, the agent's id, the function of the timeouts and the observation handlers, any of which may be the
     * user's. Returns why the step must not be taken, or null.
     */
    private @Nullable Throwable begin() {
        if (!hasTime()) {
            takeTime();
        }
        takeId();
        Throwable noLimit = takeLimit();
        takeContext();
        if (host.core().settings.mdc) {
            OwnContext own = context();
            context = StepMdc.in(context, own.runId(), agentId.toString(), own.branchPath(), own.stepId());
        }
        attempts = host.core().interceptors.isEmpty() && noLimit == null
                ? null
                : new Attempts<>(this, host.core().interceptors);
        StepTelemetry telemetry = host.core().telemetry;
        if (telemetry != null) {
            Observation begun = telemetry.stepStarted(this, context);
            if (begun != null) {
                context = Observations.within(begun, context);
                observation = begun;
                if (!isActive()) { // ended meanwhile, by one who did not see it
                    telemetry.abandoned(takeObservation());
                }
            }
        }
        return noLimit;
    }

    /** Before it starts: it starts now, and not when it was made ready. The one who ends it meanwhile may not see the permit. */
    void hold(FairPermits permits, Permit given) {
        forgetTime(false);
        context = permits.heldBy(given, context);
        permit = given;
        if (!isActive()) {
            given.end();
        }
    }

    @Nullable Permit permit() {
        return permit;
    }

    /** What it waits for may wait for a permit: it can neither emit nor end then. */
    @Override
    long lastSignNanos() {
        long sign = super.lastSignNanos();
        Permit held = permit;
        return held == null ? sign : held.lastSignNanos(sign);
    }

    /** For the one who stops it. */
    @Nullable Observation takeObservation() {
        return OBSERVATION.getAndSet(this, null);
    }

    /** Calls the body on this thread. Returns normally whatever the body does, unless it does not return at all. */
    void start() {
        Throwable noLimit;
        try {
            noLimit = begin();
        } catch (Throwable noTime) {
            host.noTime(this, noTime);
            return;
        }
        if (!isActive()) {
            return; // it took too long
        }
        if (noLimit != null) {
            threw(noLimit);
            return;
        }
        try {
            Mono<? extends O> mono = attempts == null ? call() : attempts.intercepted();
            if (!isActive()) {
                return;
            }
            if (mono instanceof BodyBoundary<? extends O> boundary) {
                @SuppressWarnings("unchecked") // it is that of the agent
                BodyBoundary<O> own = (BodyBoundary<O>) boundary;
                callInside(own);
            } else if (AtOnce.isAtOnce(mono)) {
                @SuppressWarnings("unchecked") // by what it would emit
                Callable<? extends O> call = (Callable<? extends O>) mono;
                compute(call);
            } else {
                mono.subscribe(this);
            }
        } catch (Throwable thrown) {
            threw(thrown);
        }
    }

    private void compute(Callable<? extends O> body) {
        O value;
        try {
            value = body.call();
        } catch (Exception failure) {
            fail(failure);
            return;
        }
        computed(value);
    }

    @SuppressWarnings("ReferenceEquality") // a mark
    private void callInside(BodyBoundary<O> boundary) throws Exception {
        Object value = boundary.callOrSubscribe(this);
        if (value != BodyBoundary.NOT_COMPUTED) {
            @SuppressWarnings("unchecked") // by what it would emit
            O emitted = (O) value;
            computed(emitted);
        }
    }

    private void computed(@Nullable O value) {
        if (host.keepsResults() && isActive()) {
            computed = Outcomes.succeeded(this, null, value);
        } else if (end()) {
            endedAtOnce = attempts == null; // an interceptor may keep its call, which is this object
            ended(Outcomes.succeeded(this, attempts, value));
        } else if (value != null) {
            Operators.onDiscard(value, context);
        }
    }

    /** Whether the body has been computed in one go, that has ended the step, and nobody else keeps it. For the starter. */
    boolean hasEndedAtOnce() {
        return endedAtOnce;
    }

    /** Whether the body has been computed in one go, and its result waits for the starter. */
    boolean isComputed() {
        return computed != null;
    }

    /** The result of a body that was computed in one go; from then on the step has ended. For the starter. */
    @Nullable StepResult<O> takeResult() {
        StepResult<O> taken = computed;
        if (taken != null) {
            computed = null;
            outputEnded(taken.kind());
            STATE.lazySet(this, ENDED);
            startedNanos += taken.durationNanos(); // where one that follows has started
        }
        return taken;
    }

    /** The starter has lost its role while the body was computed: the result counts unless the step has timed out. */
    void settleComputed() {
        StepResult<O> late = computed;
        if (late != null) {
            computed = null;
            if (end()) {
                ended(late);
            } else {
                Operators.onDiscard(late.value(), context);
            }
        }
    }

    /**
     * The object is used for another step, of which nobody knows yet. {@code follows}: it starts where the one before has
     * ended, and needs no other reading of the clock.
     */
    void reset(
            Agent<? super I, ? extends O> nextAgent,
            I nextInput,
            long nextIndex,
            boolean follows,
            Context nextContext) {
        reset(nextAgent, nextInput, nextIndex, follows);
        context = nextContext;
        endedAtOnce = false;
        STATE.lazySet(this, ACTIVE);
    }

    /** As {@link #start()}, but that the body is not called. */
    void refuse(Throwable cause) {
        try {
            forgetTime(false);
            begin();
        } catch (Throwable noTime) {
            host.noTime(this, noTime);
            return;
        }
        attempts = null; // there was none
        fail(cause);
    }

    /** The body is cancelled, then the step has failed: at once if the body keeps the thread that cancels it. */
    void threw(Throwable thrown) {
        if (body == null) {
            fail(thrown);
        } else {
            Relay.run(this::stopBody, () -> fail(thrown));
        }
    }

    boolean isActive() {
        return state == ACTIVE;
    }

    boolean isTimingOut() {
        int now = state;
        return now == TIMING_OUT || now == IDLING_OUT;
    }

    private void ended(StepResult<O> result) {
        outputEnded(result.kind());
        host.ended(this, result);
    }

    private boolean end() {
        return STATE.compareAndSet(this, ACTIVE, ENDED);
    }

    @Override
    public Context currentContext() {
        return context;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.setOnce(BODY, this, subscription)) {
            try {
                subscription.request(Long.MAX_VALUE);
            } catch (Throwable thrown) {
                threw(thrown);
            }
        }
    }

    @Override
    public void onNext(O value) {
        if (value == null) {
            threw(new NullPointerException("agent " + agentId + " emitted null"));
        } else if (end()) {
            ended(Outcomes.succeeded(this, attempts, value));
        } else {
            stopBody(); // a second value, or one after the end
            Operators.onDiscard(value, context);
        }
    }

    @Override
    public void onComplete() {
        if (end()) {
            ended(Outcomes.succeeded(this, attempts, null));
        }
    }

    @Override
    public void onError(Throwable cause) {
        fail(cause == null ? new NullPointerException("agent " + agentId + " signalled a null error") : cause);
    }

    private void fail(Throwable cause) {
        if (end()) {
            ended(Outcomes.failed(this, attempts, cause));
        } else {
            StepLog.late(this, cause);
        }
    }

    /** The step's time is up, or no timer can be had for it any more: on the worker, or on a rescue thread. */
    void timeOut(@Nullable Throwable timerFailure, boolean ofIdle) {
        if (timerFailure != null) {
            threw(timerFailure);
        } else if (claimTimeOut(ofIdle)) {
            stopBody();
            endTimeOut();
        }
    }

    /** True for the caller that ends the step because its time is up; it has to call {@link #endTimeOut()}. */
    boolean claimTimeOut(boolean ofIdle) {
        return STATE.compareAndSet(this, ACTIVE, ofIdle ? IDLING_OUT : TIMING_OUT);
    }

    /** Makes the result, once; a body that does not return from its cancel does not hold it back. */
    void endTimeOut() {
        if (STATE.compareAndSet(this, TIMING_OUT, ENDED)) {
            ended(Outcomes.failed(this, attempts, timedOut()));
        } else if (STATE.compareAndSet(this, IDLING_OUT, ENDED)) {
            ended(Outcomes.failed(this, attempts, idledOut()));
        }
    }

    /** The round's time was up before the step's turn: a result, and no call of the agent. */
    void skip() {
        try {
            takeTime();
        } catch (Throwable noTime) {
            host.noTime(this, noTime);
            return;
        }
        takeId();
        attempts = new Attempts<>(this, host.core().interceptors); // none of them
        fail(notStarted());
    }

    /** A body that keeps its thread is likely to keep the one that cancels it too: the result comes first. */
    void endStalled() {
        endTimeOut();
        stopBody();
    }

    /** The round is over: no result, nothing waits for it. */
    void cancel() {
        if (end()) {
            Permit held = permit;
            if (held == null) {
                stopBody();
            } else {
                held.endAfter(this::stopBody);
            }
            outputEnded(StepResult.Kind.CANCELLED);
            host.cancelled(this);
        }
    }

    private void stopBody() {
        try {
            Operators.terminate(BODY, this);
        } catch (Throwable thrown) {
            StepLog.late(this, thrown);
        }
    }

    /** How much time is left by the timer, whatever happens to the clock meanwhile; null without a limit. */
    @Nullable Duration remaining() {
        Instant until = context().deadline();
        if (until == null) {
            return null;
        }
        return Duration.between(startedAt(), until).minusNanos(elapsedNanos());
    }

    EngineClock time() {
        return host.core().clock;
    }

    <T> T shared(Object owner, Supplier<? extends T> create) {
        return host.scope().sharedState(owner, create);
    }
}
