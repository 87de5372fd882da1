package io.flotilla.agent;

import io.flotilla.AgentId;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collector;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The body of a streaming agent: emits the elements of a stream, and ends with what the collector makes of them.
 *
 * <p>Reactor's own {@code doOnNext(emit).collect(collector)} would gather what a stream goes on sending after its cancel, and
 * throw a fatal error of the collector at the stream instead of signalling it. This one ends at the first end there is,
 * whoever brings it: elements that come later are neither emitted nor kept.
 */
final class StreamingBody<T, A, O> extends Mono<O> {

    private final AgentId id;
    private final Publisher<? extends T> elements;
    private final StepContext context;
    private final Collector<? super T, A, ? extends @Nullable O> collector;

    StreamingBody(
            AgentId id,
            @Nullable Publisher<? extends T> elements,
            StepContext context,
            Collector<? super T, A, ? extends @Nullable O> collector) {
        this.id = id;
        this.elements = Objects.requireNonNull(elements, () -> "agent " + id + " returned null instead of a stream");
        this.context = context;
        this.collector = collector;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        A container;
        try {
            container = Objects.requireNonNull(
                    collector.supplier().get(), () -> "agent " + id + " has a collector without a container");
        } catch (Throwable thrown) {
            Operators.error(actual, thrown);
            return;
        }
        elements.subscribe(new Collecting<>(this, container, actual));
    }

    /** One subscription. Its signals come one at a time; a cancel comes from anywhere. */
    private static final class Collecting<T, A, O> implements CoreSubscriber<T>, Subscription {

        private static final int NONE = 0;
        private static final int REQUESTED = 1;
        private static final int COLLECTED = 2;
        private static final int DONE = 3;

        private final StreamingBody<T, A, O> body;
        private final CoreSubscriber<? super O> actual;
        private final AtomicBoolean ended = new AtomicBoolean();

        /** Whether the value has been asked for, and whether it is there: who completes the pair delivers it. */
        private final AtomicInteger delivery = new AtomicInteger(NONE);

        /** Given up at the end, so that a stream that ignores its cancel holds nothing. */
        private volatile @Nullable A container;

        private @Nullable O value;
        private volatile @Nullable Subscription stream;

        Collecting(StreamingBody<T, A, O> body, A container, CoreSubscriber<? super O> actual) {
            this.body = body;
            this.container = container;
            this.actual = actual;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            if (Operators.validate(stream, subscription)) {
                stream = subscription;
                actual.onSubscribe(this);
                if (!ended.get()) {
                    subscription.request(Long.MAX_VALUE);
                }
            }
        }

        @Override
        public void onNext(T element) {
            A gathered = container;
            if (ended.get() || gathered == null) {
                Operators.onDiscard(element, actual.currentContext());
                return;
            }
            try {
                Objects.requireNonNull(element, () -> "agent " + body.id + " emitted null");
                body.context.emit(element);
                body.collector.accumulator().accept(gathered, element);
            } catch (Throwable thrown) {
                stop();
                onError(thrown);
            }
        }

        @Override
        public void onError(Throwable cause) {
            if (end()) {
                actual.onError(
                        cause == null
                                ? new NullPointerException("agent " + body.id + " signalled a null error")
                                : cause);
            }
        }

        @Override
        public void onComplete() {
            A gathered = container;
            if (ended.get() || gathered == null) {
                return;
            }
            O collected;
            try {
                collected = body.collector.finisher().apply(gathered);
            } catch (Throwable thrown) {
                onError(thrown);
                return;
            }
            if (!end()) {
                Operators.onDiscard(collected, actual.currentContext());
            } else if (collected == null) {
                actual.onComplete();
            } else {
                value = collected;
                if (!delivery.compareAndSet(NONE, COLLECTED) && delivery.compareAndSet(REQUESTED, DONE)) {
                    deliver(collected);
                }
            }
        }

        private void deliver(O collected) {
            actual.onNext(collected);
            actual.onComplete();
        }

        private boolean end() {
            if (ended.compareAndSet(false, true)) {
                container = null;
                return true;
            }
            return false;
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n)
                    && !delivery.compareAndSet(NONE, REQUESTED)
                    && delivery.compareAndSet(COLLECTED, DONE)) {
                deliver(Objects.requireNonNull(value));
            }
        }

        @Override
        public void cancel() {
            delivery.set(DONE);
            end();
            stop();
        }

        private void stop() {
            Subscription subscription = stream;
            if (subscription != null) {
                subscription.cancel();
            }
        }
    }
}
