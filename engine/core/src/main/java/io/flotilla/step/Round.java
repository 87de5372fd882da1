package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import io.flotilla.observe.FlotillaEvent;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
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
 * <p>{@link Source} says which steps there are, {@link Steps} starts them and has what is in flight, {@link Delivery}
 * brings results downstream as they are asked for. None waits for another. A place of the round goes round:
 *
 * <pre>
 * a place      by                                       then
 * is free      at the beginning; a result is delivered  Source.placesFreed
 * is taken     the source: Round.start                  the step runs
 * has a result the end of the step                      Delivery.deliver: at once, or when it is asked for
 * </pre>
 *
 * <p>A step that is computed in one go costs two atomic writes for its start and two for its delivery, its context and its
 * result, and one reading of the clock; no lock and no object of its own. One that ends at once otherwise costs an object, one
 * atomic write more for its end and two for its place. One that is computed in one go where steps are observed costs these writes, and
 * no object.
 */
final class Round<I, O> implements Subscription, Steps.Owner<I, O>, StallWatch.Watched {

    /** Where the steps of a round come from. */
    interface Source {

        /** Gives {@code places} places, whose results have been delivered, to steps not started yet. */
        void placesFreed(int places);

        /** Starts the following steps after a body has held the starter; on a thread of the library. */
        void resumeStarting();

        /** How many steps wait to be started; negative if unknown. */
        long waiting();

        /** Whether there is something to be cancelled. */
        boolean isOpen();

        /** The round's time is up: nothing more is asked for; {@code then} does not wait for a cancel that keeps the thread. */
        void cut(Runnable then);

        /** The round has been cancelled, from below or by a failure: the source is of no use any more. */
        void cancel();
    }

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Round> WAIT_SAID =
            AtomicIntegerFieldUpdater.newUpdater(Round.class, "waitSaid");

    /** Another thread starts the following steps. */
    static final int LOST = -1;

    private final CoreSubscriber<? super StepResult<O>> downstream;
    private final boolean failFast;
    private final Steps<I, O> steps;
    private final Delivery<O> delivery;
    private final Source source;

    /** Who makes the report; null where results go to a subscriber one by one. */
    private final ReportMono.@Nullable Collector<O> report;

    /** How many results the report has got from the thread that started their steps; that thread's own. */
    private long takenAtOnce;

    // Written before anything is started.
    private Context context;
    private @Nullable Observation observation;
    private boolean begun;

    /** 1 when its observation has heard that it waits for permits. */
    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile int waitSaid;

    private final @Nullable RoundLimit limit;

    Round(
            StepEngine engine,
            boolean failFast,
            CoreSubscriber<? super StepResult<O>> downstream,
            UsageLedger usage,
            @Nullable RoundOutput output,
            Source source) {
        this.downstream = downstream;
        this.failFast = failFast;
        this.context = downstream.currentContext();
        Duration roundTimeout = engine.roundTimeout();
        this.steps = new Steps<>(engine, this, usage, output, roundTimeout == null);
        this.report = report(downstream);
        this.delivery = new Delivery<>(this, downstream);
        this.source = source;
        this.limit = roundTimeout == null ? null : new RoundLimit(roundTimeout);
    }

    @SuppressWarnings("unchecked") // made for the results of this round
    private static <O> ReportMono.@Nullable Collector<O> report(Object downstream) {
        return downstream instanceof ReportMono.Collector<?> report ? (ReportMono.Collector<O>) report : null;
    }

    /** Starts the round's observation, then {@code round}: without it, if its handlers keep the thread. */
    void begin(Runnable round) {
        StepTelemetry reporter = steps.telemetry;
        if (reporter == null) {
            round.run();
        } else {
            Context subscriber = context;
            Relay.run(() -> observe(reporter, subscriber), () -> {
                synchronized (this) {
                    begun = true;
                }
                round.run();
            });
        }
    }

    private void observe(StepTelemetry reporter, Context subscriber) {
        Observation started = reporter.roundStarted(steps.scope, subscriber);
        synchronized (this) {
            if (!begun) {
                observation = started;
                context = Observations.within(started, subscriber);
                return;
            }
        }
        reporter.abandoned(started);
    }

    @Override
    public Context context() {
        return context;
    }

    // --- the round as a whole

    /** To be called once, before anything else: subscribes downstream. */
    void open() {
        steps.watchForStalls(this);
        try {
            downstream.onSubscribe(this);
        } catch (Throwable thrown) {
            cancel();
            throw thrown;
        }
        if (limit != null) {
            arm(limit);
        }
    }

    private void arm(RoundLimit roundLimit) {
        try {
            steps.scope.until(steps.now().plus(roundLimit.timeout));
            roundLimit.arm(steps.schedulers, this::timeUp);
        } catch (Throwable noTime) {
            fail(noTime);
        }
    }

    /** Whether the source may be cut while it brings something. */
    boolean isLimited() {
        return limit != null;
    }

    /** On the worker. */
    private void timeUp() {
        if (!isStopped()) {
            source.cut(steps::expire);
        }
    }

    private void forget() {
        steps.forgetStalls();
        if (limit != null) {
            limit.dispose();
        }
    }

    @Override
    public @Nullable Duration passedRoundTimeout() {
        return limit != null && limit.isPassed() ? limit.timeout : null;
    }

    @Override
    public boolean isStopped() {
        return delivery.isStopped();
    }

    /** For the source, which starts them under the engine's limit. */
    Steps<I, O> steps() {
        return steps;
    }

    /**
     * Starts a step on this thread. Returns how many places came free because it has ended at once; {@link #LOST} as {@link
     * Starter#start} returns false. {@code follows}: the step before has ended on this thread just now.
     */
    int start(Agent<? super I, ? extends O> agent, I input, long index, boolean follows) {
        // Where only the report takes results, nobody else's code runs between two steps that end at once.
        Step<I, O> step = steps.next(agent, input, index, follows && report != null);
        if (!steps.start(step)) {
            return LOST;
        }
        StepResult<O> result = step.takeResult();
        if (result != null || step.hasEndedAtOnce()) {
            steps.reuse(step);
        }
        if (result == null) {
            return 0;
        }
        if (report == null) {
            return delivery.deliver(result);
        }
        report.put(result);
        takenAtOnce++;
        return 1;
    }

    /** As {@link #start(Agent, Object, long, boolean)}, under the engine's limit: its result waits for nobody. */
    int start(
            Agent<? super I, ? extends O> agent,
            I input,
            long index,
            @Nullable Permit permit,
            @Nullable Throwable refusal) {
        return steps.start(new Step<>(steps, agent, input, index, null, steps.context()), permit, refusal) ? 0 : LOST;
    }

    /** No more steps will start: {@code started} is how many did. {@code cause} follows the last result, if there is one. */
    void sourceEnded(long started, @Nullable Throwable cause) {
        source.placesFreed(delivery.sourceEnded(started - takenAtOnce, cause));
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            source.placesFreed(delivery.request(n));
        }
    }

    /** Returns when the cancels have been sent, or after a moment, see {@link Cancels#elsewhere}. */
    @Override
    public void cancel() {
        if (delivery.close()) {
            forget();
            Cancels cancels = allCancels();
            if (observation != null) {
                cancels.addLast(() -> over("cancelled", null));
            }
            cancels.elsewhere();
            delivery.drain();
        }
    }

    /** Fails the round ahead of whatever waits: when the cancels have been sent, or after a moment. */
    void fail(Throwable cause) {
        if (delivery.fail(cause)) {
            allCancels().here(delivery::drain);
        }
    }

    private Cancels allCancels() {
        Cancels cancels = steps.cancels();
        if (source.isOpen()) {
            cancels.addFirst(source::cancel);
        }
        return cancels;
    }

    /** Called by the delivery to signal the end downstream, by {@code signal}. */
    void ending(@Nullable Throwable cause, Runnable signal) {
        forget();
        steps.cancels().here(() -> {
            if (observation == null) {
                signal.run();
            } else {
                Relay.run(() -> over(cause == null ? "completed" : "failed", cause), signal);
            }
        });
    }

    private void over(String outcome, @Nullable Throwable cause) {
        StepTelemetry.roundEnded(observation, outcome, cause);
    }

    // --- for the steps

    @Override
    public void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure) {
        if (!steps.isToBeReported(failure)) {
            source.placesFreed(passOn(result));
            return;
        }
        delivery.reporting();
        int freed = 0;
        if (failure != null && failFast) {
            fail(new StepFailedException(failure));
        } else {
            freed = passOn(result);
        }
        int places = freed;
        steps.reportAndContinue(
                () -> {
                    steps.report(step, result, failure);
                    source.placesFreed(delivery.reported());
                },
                () -> source.placesFreed(places));
    }

    /** Returns how many places came free. */
    private int passOn(StepResult<O> result) {
        if (report == null) {
            return delivery.deliver(result);
        }
        report.put(result);
        return 1 + delivery.taken();
    }

    /** On the stall watch's thread. */
    @Override
    public void checkForStall(long now) {
        steps.checkForStall(now);
        if (limit != null && limit.isLost(steps.schedulers)) {
            Starter.rescue(
                    () -> fail(new RejectedExecutionException("the timer of the round timeout has been disposed of")));
        }
        if (delivery.isReportOverdue()) {
            Starter.rescue(() -> source.placesFreed(delivery.endUnreported()));
        }
    }

    @Override
    public void noTime(Step<I, O> step, Throwable thrown) {
        fail(thrown);
    }

    @Override
    public void resumeStarting() {
        source.resumeStarting();
    }

    /** Said once, in the round's observation. */
    @Override
    public void waitsForPermits() {
        Observation around = observation;
        if (around != null && WAIT_SAID.compareAndSet(this, 0, 1)) {
            Relay.run(() -> Observations.event(around, FlotillaEvent.PERMITS_WAITING), () -> {});
        }
    }

    @Override
    public long waiting() {
        return source.waiting();
    }

    @Override
    public boolean isDelivering() {
        return delivery.isBusy();
    }
}
