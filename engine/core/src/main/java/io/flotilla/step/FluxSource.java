package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;
import reactor.util.function.Tuple2;

/**
 * The steps of a stream of agents and their inputs. A place is a request: the source is asked for as many as may start,
 * and each is started on the thread that brings it.
 */
final class FluxSource<I, O>
        implements Round.Source, CoreSubscriber<Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> {

    private final Round<I, O> round;
    private final int concurrency;
    private final @Nullable PendingSteps<I, O> pending;
    private volatile @Nullable Subscription source;
    private long started;
    private volatile boolean finished;

    FluxSource(
            StepEngine engine,
            boolean failFast,
            CoreSubscriber<? super StepResult<O>> downstream,
            int concurrency,
            @Nullable RoundOutput output) {
        this.round = new Round<>(engine, failFast, downstream, new UsageLedger(), output, this);
        FairPermits permits = round.steps().permits;
        // No more pairs than may be in flight: those beyond would only wait here.
        this.concurrency = permits == null
                ? concurrency
                : Math.min(concurrency, permits.limit().maxInFlight());
        this.pending = permits == null ? null : round.steps().newPending(permits, round.context());
    }

    /** {@code pairs} is what this is subscribed to. */
    void run(Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
        round.begin(() -> pairs.subscribe(this));
    }

    @Override
    public Context currentContext() {
        return round.context();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(source, subscription)) {
            source = subscription;
            round.open();
            if (round.isStopped()) {
                subscription.cancel();
            } else {
                ask(subscription, concurrency == Integer.MAX_VALUE ? Long.MAX_VALUE : concurrency);
            }
        }
    }

    @Override
    public void onNext(Tuple2<? extends Agent<? super I, ? extends O>, ? extends I> pair) {
        long index = round.isStopped() || finished ? -1 : round.isLimited() ? takeUnlessCut() : started++;
        if (index < 0) {
            Operators.onDiscard(pair, round.context());
        } else if (pending == null) {
            placesFreed(round.start(pair.getT1(), pair.getT2(), index, false));
        } else {
            Steps<I, O> steps = round.steps();
            pending.start(new Step<>(steps, pair.getT1(), pair.getT2(), index, null, steps.context()));
        }
    }

    @Override
    public void onError(Throwable cause) {
        if (finish()) {
            round.sourceEnded(started, cause);
        } else {
            Operators.onErrorDropped(cause, round.context());
        }
    }

    @Override
    public void onComplete() {
        if (finish()) {
            round.sourceEnded(started, null);
        }
    }

    private synchronized long takeUnlessCut() {
        return finished ? -1 : started++;
    }

    /** True for the first caller. */
    private synchronized boolean finish() {
        boolean first = !finished;
        finished = true;
        return first;
    }

    /** Of pairs that have not come nobody knows. */
    @Override
    public void cut(Runnable then) {
        if (finish()) {
            Relay.run(this::cancel, () -> {
                round.sourceEnded(started, null);
                then.run();
            });
        } else {
            then.run();
        }
    }

    /** What Reactor holds for fatal is thrown out of request: a failure of the pairs, not of whoever delivers. */
    private void ask(Subscription pairs, long places) {
        try {
            pairs.request(places);
        } catch (Throwable thrown) {
            cancel();
            onError(thrown);
        }
    }

    @Override
    public void placesFreed(int places) {
        Subscription pairs = source;
        if (places > 0 && pairs != null && concurrency != Integer.MAX_VALUE) {
            ask(pairs, places);
        }
    }

    @Override
    public boolean isOpen() {
        return source != null && !finished;
    }

    @Override
    public void cancel() {
        Subscription pairs = source;
        if (pairs != null) {
            try {
                pairs.cancel();
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown);
            }
        }
    }

    /** The blocked thread is the source's, and only it can bring what is to be started next; but for what waits for permits. */
    @Override
    public void resumeStarting() {
        if (pending != null) {
            pending.takeOver();
            pending.startAll();
        }
    }

    @Override
    public long waiting() {
        return -1;
    }
}
