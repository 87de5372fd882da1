package io.flotilla.step;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A body behind interceptors: whatever is thrown while it is assembled, subscribed to or requested from becomes {@code
 * onError}, what Reactor holds for fatal too. So a retry, a breaker or a bulkhead around it always sees an end.
 */
final class Guarded<O> extends Mono<O> {

    private final Callable<Mono<? extends O>> body;

    Guarded(Callable<Mono<? extends O>> body) {
        this.body = body;
    }

    /** Throws what was caught, checked or not. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <R, T extends Throwable> R rethrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        Guard<O> guard = new Guard<>(actual);
        try {
            body.call().subscribe(guard);
        } catch (Throwable thrown) {
            guard.threw(thrown);
        }
    }

    private static final class Guard<O> implements CoreSubscriber<O>, Subscription {

        private final CoreSubscriber<? super O> actual;
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile boolean subscribed;
        private volatile Subscription body = Operators.emptySubscription();

        Guard(CoreSubscriber<? super O> actual) {
            this.actual = actual;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            if (subscribed) {
                subscription.cancel();
                return;
            }
            subscribed = true;
            body = subscription;
            actual.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            try {
                body.request(n);
            } catch (Throwable thrown) {
                threw(thrown);
            }
        }

        @Override
        public void cancel() {
            try {
                body.cancel();
            } catch (Throwable thrown) {
                Steps.untold(thrown); // whoever cancels has an end to bring down
            }
        }

        void threw(Throwable thrown) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            if (subscribed) {
                cancel();
                actual.onError(thrown);
            } else {
                Operators.error(actual, thrown);
            }
        }

        @Override
        public void onNext(O value) {
            if (!ended.get()) {
                actual.onNext(value);
            }
        }

        @Override
        public void onError(Throwable cause) {
            if (ended.compareAndSet(false, true)) {
                actual.onError(cause);
            }
        }

        @Override
        public void onComplete() {
            if (ended.compareAndSet(false, true)) {
                actual.onComplete();
            }
        }
    }
}
