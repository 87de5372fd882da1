package io.flotilla.step;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
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
abstract class Guarded<O> extends Mono<O> {

    /** What is guarded; asked for at each subscription, and may throw. */
    abstract Mono<? extends O> body();

    /** It has ended with an error, which is about to go on. */
    void failed(Throwable cause) {}

    /** Those around it have thrown what they were to be told of, what Reactor holds for fatal: they tell nobody else. */
    void broke(Throwable fatal) {
        Steps.reportFailed(fatal);
    }

    /** Throws what was caught, checked or not. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <R, T extends Throwable> R rethrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        Guard<O> guard = new Guard<>(this, actual);
        boolean ownersFlag = Thread.interrupted();
        @Nullable Throwable thrown = null;
        try {
            body().subscribe(guard);
        } catch (Throwable fromBody) {
            thrown = fromBody;
        }
        Starter.restore(ownersFlag);
        if (thrown != null) {
            guard.threw(thrown);
        }
    }

    private static final class Guard<O> implements CoreSubscriber<O>, Subscription {

        @SuppressWarnings("rawtypes")
        private static final AtomicIntegerFieldUpdater<Guard> ENDED =
                AtomicIntegerFieldUpdater.newUpdater(Guard.class, "ended");

        private final Guarded<O> guarded;
        private final CoreSubscriber<? super O> actual;

        /** 1 when it has ended. */
        private volatile int ended;

        private volatile boolean subscribed;
        private volatile Subscription body = Operators.emptySubscription();

        Guard(Guarded<O> guarded, CoreSubscriber<? super O> actual) {
            this.guarded = guarded;
            this.actual = actual;
        }

        private boolean end() {
            return ENDED.compareAndSet(this, 0, 1);
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
                Steps.reportFailed(thrown); // whoever cancels has an end to bring down
            }
        }

        void threw(Throwable thrown) {
            if (!end()) {
                return;
            }
            if (subscribed) {
                cancel();
                signal(thrown);
            } else {
                guarded.failed(thrown);
                Operators.error(actual, thrown);
            }
        }

        @Override
        public void onNext(O value) {
            if (ended != 0) {
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
            if (end()) {
                boolean bodysFlag = Thread.interrupted();
                signal(cause);
                leave(bodysFlag);
            }
        }

        @Override
        public void onComplete() {
            if (end()) {
                boolean bodysFlag = Thread.interrupted();
                try {
                    actual.onComplete();
                } catch (Throwable fatal) {
                    signal(fatal); // of a supplier that is called at the end, such as a default's
                }
                leave(bodysFlag);
            }
        }

        private void signal(Throwable cause) {
            guarded.failed(cause);
            try {
                actual.onError(cause);
            } catch (Throwable fatal) {
                guarded.broke(fatal); // of a retry's own predicate, or of one that throws Errors again
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
