package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;
import reactor.util.function.Tuple2;

/**
 * A round over a stream of agents and their inputs. A place is a request: the source is asked for as many as may start,
 * and each is started on the thread that brings it.
 */
final class FluxRound<I, O> extends Round<I, O>
        implements CoreSubscriber<Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> {

    private final int concurrency;
    private volatile @Nullable Subscription source;
    private long started;
    private volatile boolean finished;

    FluxRound(StepEngine engine, boolean failFast, CoreSubscriber<? super StepResult<O>> downstream, int concurrency) {
        super(engine, failFast, downstream, new UsageLedger());
        this.concurrency = concurrency;
    }

    @Override
    public Context currentContext() {
        return context();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(source, subscription)) {
            source = subscription;
            open();
            if (isStopped()) {
                subscription.cancel();
            } else {
                ask(subscription, concurrency == Integer.MAX_VALUE ? Long.MAX_VALUE : concurrency);
            }
        }
    }

    @Override
    public void onNext(Tuple2<? extends Agent<? super I, ? extends O>, ? extends I> pair) {
        if (isStopped() || finished) {
            Operators.onDiscard(pair, context());
            return;
        }
        start(pair.getT1(), pair.getT2(), started++);
    }

    @Override
    public void onError(Throwable cause) {
        if (finished) {
            Operators.onErrorDropped(cause, context());
        } else {
            finished = true;
            sourceEnded(started, cause);
        }
    }

    @Override
    public void onComplete() {
        if (!finished) {
            finished = true;
            sourceEnded(started, null);
        }
    }

    /** What Reactor holds for fatal is thrown out of request: a failure of the pairs, not of whoever delivers. */
    private void ask(Subscription pairs, long places) {
        try {
            pairs.request(places);
        } catch (Throwable thrown) {
            stopSource();
            onError(thrown);
        }
    }

    @Override
    void placesFreed(int places) {
        Subscription pairs = source;
        if (places > 0 && pairs != null && concurrency != Integer.MAX_VALUE) {
            ask(pairs, places);
        }
    }

    @Override
    boolean hasSource() {
        return source != null && !finished;
    }

    @Override
    void stopSource() {
        Subscription pairs = source;
        if (pairs != null) {
            try {
                pairs.cancel();
            } catch (Throwable thrown) {
                untold(thrown);
            }
        }
    }

    /** The blocked thread is the source's, and only it can bring what is to be started next. */
    @Override
    void resumeStarting() {}

    @Override
    long waiting() {
        return -1;
    }
}
