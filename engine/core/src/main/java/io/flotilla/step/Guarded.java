package io.flotilla.step;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * What interceptors wrap: whatever is thrown while it is assembled, subscribed to or requested from becomes {@code onError},
 * what Reactor holds for fatal too. So a retry, a breaker or a bulkhead around it always sees an end. What the operators of
 * an interceptor throw when they are given a value becomes their {@code onError} as well, on whatever thread the value came.
 *
 * <p>The interrupt flag that the body leaves behind is kept from those around it, and from the next attempt: a guard that
 * waits or takes a permit would take it for its own.
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
        boolean ownersFlag = Thread.interrupted();
        @Nullable Throwable thrown = null;
        try {
            body.call().subscribe(guard);
        } catch (Throwable fromBody) {
            thrown = fromBody;
        }
        Steps.restore(ownersFlag);
        if (thrown != null) {
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
            if (ended.get()) {
                return;
            }
            boolean bodysFlag = Thread.interrupted();
            try {
                actual.onNext(value);
            } catch (Throwable fatal) {
                threw(fatal);
            }
            leave(bodysFlag);
        }

        @Override
        public void onError(Throwable cause) {
            if (ended.compareAndSet(false, true)) {
                boolean bodysFlag = Thread.interrupted();
                actual.onError(cause);
                leave(bodysFlag);
            }
        }

        @Override
        public void onComplete() {
            if (ended.compareAndSet(false, true)) {
                boolean bodysFlag = Thread.interrupted();
                try {
                    actual.onComplete();
                } catch (Throwable fatal) {
                    actual.onError(fatal); // of a supplier that is called at the end, such as a default's
                }
                leave(bodysFlag);
            }
        }

        /** The thread goes back to the body, whose flag it is. */
        private static void leave(boolean bodysFlag) {
            if (bodysFlag) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
