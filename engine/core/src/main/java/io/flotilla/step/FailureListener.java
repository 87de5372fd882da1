package io.flotilla.step;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/**
 * A subscriber of {@link FailureFeed}, kept apart from the feed: one that throws out of {@code onNext}, what Reactor holds
 * for fatal too, has its subscription cancelled and receives its own error. No other subscriber notices.
 */
final class FailureListener implements CoreSubscriber<StepFailure>, Subscription {

    /** The feed as one subscriber has it. */
    static final class Guarding extends Flux<StepFailure> {

        private final Flux<StepFailure> failures;
        private final EngineSchedulers schedulers;

        Guarding(Flux<StepFailure> failures, EngineSchedulers schedulers) {
            this.failures = failures;
            this.schedulers = schedulers;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepFailure> actual) {
            failures.subscribe(new FailureListener(actual, schedulers));
        }
    }

    private final CoreSubscriber<? super StepFailure> actual;

    @SuppressWarnings("UnusedVariable") // held: they are disposed of when nobody does
    private final EngineSchedulers schedulers;

    private volatile @Nullable Subscription feed;
    private volatile boolean over;

    private FailureListener(CoreSubscriber<? super StepFailure> actual, EngineSchedulers schedulers) {
        this.actual = actual;
        this.schedulers = schedulers;
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        feed = subscription;
        actual.onSubscribe(this);
    }

    @Override
    public void onNext(StepFailure failure) {
        if (over) {
            return;
        }
        try {
            actual.onNext(failure);
        } catch (Throwable thrown) {
            cancel();
            dispatch(thrown);
        }
    }

    private void dispatch(Throwable thrown) {
        try {
            actual.onError(thrown);
        } catch (Throwable again) {
            Steps.reportFailed(thrown);
        }
    }

    @Override
    public void onError(Throwable cause) {
        if (!over) {
            over = true;
            dispatch(cause);
        }
    }

    @Override
    public void onComplete() {
        over = true;
        actual.onComplete();
    }

    @Override
    public void request(long n) {
        Subscription subscription = feed;
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        over = true;
        Subscription subscription = feed;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
