package io.flotilla.step;

import io.flotilla.internal.BodyScope;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The body of an agent that is called, and subscribed to, inside a {@link BodyScope}. Those it signals to on the same thread
 * are not inside: they belong to others.
 */
final class BodyBoundary<O> extends Mono<O> {

    /** Of a body that has been subscribed to, or was not any more. */
    static final Object NOT_COMPUTED = new Object();

    private final Supplier<Mono<? extends O>> body;

    BodyBoundary(Supplier<Mono<? extends O>> body) {
        this.body = body;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        BodyScope scope = BodyScope.open(actual.currentContext());
        if (scope == null) {
            body.get().subscribe(actual);
            return;
        }
        Inside<O> inside = new Inside<>(actual, scope);
        try {
            body.get().subscribe(inside);
        } finally {
            inside.leave();
        }
    }

    /**
     * As {@link #subscribe}, for a step that has nothing between itself and the body: one that is computed in one go is called, see {@link
     * AtOnce}. Returns its value, or {@link #NOT_COMPUTED}.
     */
    @Nullable Object callOrSubscribe(Step<?, O> step) throws Exception {
        BodyScope scope = BodyScope.open(step.currentContext());
        Inside<O> inside = null;
        try {
            Mono<? extends O> called = body.get();
            if (!step.isActive()) {
                return NOT_COMPUTED;
            }
            if (AtOnce.isAtOnce(called)) {
                return ((Callable<?>) called).call();
            }
            inside = new Inside<>(step, scope);
            called.subscribe(inside);
            return NOT_COMPUTED;
        } finally {
            if (inside != null) {
                inside.leave();
            } else if (scope != null) {
                scope.close();
            }
        }
    }

    private static final class Inside<O> implements CoreSubscriber<O> {

        private final CoreSubscriber<? super O> actual;
        private final Thread owner = Thread.currentThread();

        /** Of the owner. */
        private @Nullable BodyScope scope;

        Inside(CoreSubscriber<? super O> actual, @Nullable BodyScope scope) {
            this.actual = actual;
            this.scope = scope;
        }

        void leave() {
            if (Thread.currentThread() == owner) {
                BodyScope open = scope;
                scope = null;
                if (open != null) {
                    open.close();
                }
            }
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            actual.onSubscribe(subscription);
        }

        @Override
        public void onNext(O value) {
            leave();
            actual.onNext(value);
        }

        @Override
        public void onError(Throwable cause) {
            leave();
            actual.onError(cause);
        }

        @Override
        public void onComplete() {
            leave();
            actual.onComplete();
        }
    }
}
