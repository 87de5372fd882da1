package io.flotilla.step;

import io.flotilla.agent.UsageLedger;
import io.micrometer.observation.Observation;
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
 * <p>Starting steps and what is in flight are {@link Steps}; the thread that frees a place starts the next. {@link Delivery}
 * brings results downstream as they are asked for. Neither waits for the other.
 *
 * <p>A step that ends at once costs two atomic writes for its start, one for its end, three for its delivery, and no lock.
 */
abstract class Round<I, O> extends Steps<I, O> implements Subscription {

    private final CoreSubscriber<? super StepResult<O>> downstream;
    private final boolean failFast;
    private final Delivery<O> delivery;

    // Written before anything is started.
    private Context context;
    private @Nullable Observation observation;
    private boolean begun;

    Round(StepEngine engine, boolean failFast, CoreSubscriber<? super StepResult<O>> downstream, UsageLedger usage) {
        super(engine, usage);
        this.downstream = downstream;
        this.failFast = failFast;
        this.delivery = new Delivery<>(this, downstream);
        this.context = downstream.currentContext();
    }

    /** Starts the round's observation, then {@code round}: without it, if its handlers keep the thread. */
    final void begin(Runnable round) {
        if (telemetry == null) {
            round.run();
        } else {
            StepTelemetry told = telemetry;
            Context subscriber = context;
            Relay.run(() -> observe(told, subscriber), () -> {
                synchronized (this) {
                    begun = true;
                }
                round.run();
            });
        }
    }

    private void observe(StepTelemetry told, Context subscriber) {
        Observation started = told.roundStarted(scope, subscriber);
        synchronized (this) {
            if (!begun) {
                observation = started;
                context = StepTelemetry.within(started, subscriber);
                return;
            }
        }
        told.abandoned(started);
    }

    @Override
    final Context context() {
        return context;
    }

    // --- the round as a whole

    /** To be called once, before anything else: subscribes downstream. */
    final void open() {
        watchForStalls();
        try {
            downstream.onSubscribe(this);
        } catch (Throwable thrown) {
            cancel();
            throw thrown;
        }
    }

    @Override
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

    @Override
    public final void request(long n) {
        if (Operators.validate(n)) {
            placesFreed(delivery.request(n));
        }
    }

    /** Returns when the cancels have been sent, or after a moment, see {@link Cancels#elsewhere}. */
    @Override
    public final void cancel() {
        if (delivery.close()) {
            forgetStalls();
            Cancels cancels = allCancels();
            if (observation != null) {
                cancels.addLast(() -> over("cancelled", null));
            }
            cancels.elsewhere();
            delivery.drain();
        }
    }

    /** Fails the round ahead of whatever waits: when the cancels have been sent, or after a moment. */
    final void fail(Throwable cause) {
        if (delivery.fail(cause)) {
            allCancels().here(delivery::drain);
        }
    }

    private Cancels allCancels() {
        Cancels cancels = cancels();
        if (hasSource()) {
            cancels.addFirst(this::stopSource);
        }
        return cancels;
    }

    /** Whether there is a source to be cancelled. */
    abstract boolean hasSource();

    /** Called by the delivery to signal the end downstream, by {@code signal}. */
    final void ending(@Nullable Throwable cause, Runnable signal) {
        forgetStalls();
        cancels().here(() -> {
            if (observation == null) {
                signal.run();
            } else {
                Relay.run(() -> over(cause == null ? "completed" : "failed", cause), signal);
            }
        });
    }

    private void over(String outcome, @Nullable Throwable cause) {
        try {
            StepTelemetry.roundEnded(observation, outcome, cause);
        } catch (Throwable thrown) {
            untold(thrown);
        }
    }

    // --- for the steps

    @Override
    final void settled(Step<I, O> step, StepResult<O> result, @Nullable StepFailure failure) {
        if (!isToBeTold(failure)) {
            placesFreed(delivery.deliver(result));
            return;
        }
        delivery.telling();
        int freed = 0;
        if (failure != null && failFast) {
            fail(new StepFailedException(failure));
        } else {
            freed = delivery.deliver(result);
        }
        int places = freed;
        tellAndGoOn(
                () -> {
                    tell(step, result, failure);
                    placesFreed(delivery.told());
                },
                () -> placesFreed(places));
    }

    /** On the stall watch's thread. */
    @Override
    final void checkForStall(long now) {
        super.checkForStall(now);
        if (delivery.isTellingOverdue()) {
            rescue(() -> placesFreed(delivery.endUntold()));
        }
    }

    @Override
    final void noTime(Step<I, O> step, Throwable thrown) {
        fail(thrown);
    }

    @Override
    final boolean isDelivering() {
        return delivery.isBusy();
    }
}
