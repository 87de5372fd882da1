package io.flotilla.step;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
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
 *
 * <p>It is the {@code Mono} and, for its first subscriber, the subscription: there is hardly ever a second one, which is a retry's. A
 * second one gets a subscription of its own, {@link Again}. A body that is computed in one go, see {@link AtOnce}, is called when it is
 * asked for.
 */
abstract class Guarded<O> extends Mono<O> implements CoreSubscriber<O>, Subscription {

    private static final int NEW = 0;
    private static final int USED = 1;
    private static final int ENDED = 2;

    /** In place of a body that is being computed. */
    private static final Subscription COMPUTING = new Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Guarded> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(Guarded.class, "phase");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Guarded, Object> BODY =
            AtomicReferenceFieldUpdater.newUpdater(Guarded.class, Object.class, "source");

    /** Written once, by the thread that has set {@link #USED}. */
    private CoreSubscriber<? super O> actual = Operators.emptySubscriber();

    private volatile int phase;
    private volatile boolean subscribed;

    /** The subscription to the body, or the {@link Callable} that computes it. */
    private volatile Object source = Operators.emptySubscription();

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

    /** A further subscription. */
    private static final class Again<O> extends Guarded<O> {

        private final Guarded<O> first;

        Again(Guarded<O> first) {
            this.first = first;
        }

        @Override
        Mono<? extends O> body() {
            return first.body();
        }

        @Override
        void failed(Throwable cause) {
            first.failed(cause);
        }

        @Override
        void broke(Throwable fatal) {
            first.broke(fatal);
        }
    }

    @Override
    public final void subscribe(CoreSubscriber<? super O> subscriber) {
        if (!PHASE.compareAndSet(this, NEW, USED)) {
            new Again<>(this).subscribe(subscriber);
            return;
        }
        actual = subscriber;
        boolean ownersFlag = Thread.interrupted();
        @Nullable Throwable thrown = null;
        try {
            Mono<? extends O> body = body();
            if (AtOnce.isAtOnce(body)) {
                begins(body);
            } else {
                body.subscribe(this);
            }
        } catch (Throwable fromBody) {
            thrown = fromBody;
        }
        Starter.restore(ownersFlag);
        if (thrown != null) {
            threw(thrown);
        }
    }

    private boolean end() {
        return PHASE.compareAndSet(this, USED, ENDED);
    }

    @Override
    public final Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public final void onSubscribe(Subscription subscription) {
        if (subscribed) {
            subscription.cancel();
        } else {
            begins(subscription);
        }
    }

    private void begins(Object from) {
        subscribed = true;
        source = from;
        actual.onSubscribe(this);
    }

    @Override
    public final void request(long n) {
        try {
            Object from = source;
            if (from instanceof Subscription body) {
                body.request(n);
            } else if (Operators.validate(n) && BODY.compareAndSet(this, from, COMPUTING)) {
                compute((Callable<?>) from);
            }
        } catch (Throwable thrown) {
            threw(thrown);
        }
    }

    @SuppressWarnings("unchecked") // by what it would emit
    private void compute(Callable<?> body) {
        O value;
        try {
            value = (O) body.call();
        } catch (Exception failure) {
            onError(failure);
            return;
        }
        if (isCancelled()) {
            Operators.onDiscard(value, currentContext());
            return;
        }
        if (value != null) {
            onNext(value);
        }
        onComplete();
    }

    @SuppressWarnings("ReferenceEquality") // a mark
    private boolean isCancelled() {
        return source == Operators.cancelledSubscription();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a mark
    public final void cancel() {
        try {
            Object from = source;
            if (from instanceof Subscription body && from != COMPUTING) {
                body.cancel();
            } else {
                source = Operators.cancelledSubscription();
            }
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown); // whoever cancels has an end to bring down
        }
    }

    private void threw(Throwable thrown) {
        if (!end()) {
            return;
        }
        if (subscribed) {
            cancel();
            signal(thrown);
        } else {
            failed(thrown);
            Operators.error(actual, thrown);
        }
    }

    @Override
    public final void onNext(O value) {
        if (phase == ENDED) {
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
    public final void onError(Throwable cause) {
        if (end()) {
            boolean bodysFlag = Thread.interrupted();
            signal(cause);
            leave(bodysFlag);
        }
    }

    @Override
    public final void onComplete() {
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
        failed(cause);
        try {
            actual.onError(cause);
        } catch (Throwable fatal) {
            broke(fatal); // of a retry's own predicate, or of one that throws Errors again
        }
    }

    /** The thread goes back to the body, whose flag it is. */
    private static void leave(boolean bodysFlag) {
        if (bodysFlag) {
            Thread.currentThread().interrupt();
        }
    }
}
