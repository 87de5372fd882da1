package io.flotilla.pool;

import io.flotilla.agent.Agent;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** One call of the factory, on a thread of its own. Ends once: with an agent, a failure, or its time. */
final class Creation<I, O> implements CoreSubscriber<Agent<I, O>> {

    private final MonoSink<PooledAgent<I, O>> sink;
    private final Consumer<? super Agent<I, O>> late;
    private final AtomicBoolean isOver = new AtomicBoolean();
    private volatile @Nullable Disposable timer;
    private volatile @Nullable Subscription subscription;

    private Creation(MonoSink<PooledAgent<I, O>> sink, Consumer<? super Agent<I, O>> late) {
        this.sink = sink;
        this.late = late;
    }

    /**
     * Calls the factory once a subscription. Never signals an error.
     *
     * @param late takes an agent that comes after the time
     */
    static <I, O> Mono<PooledAgent<I, O>> of(
            Supplier<? extends Mono<? extends Agent<I, O>>> factory,
            Duration limit,
            EngineClock clock,
            Consumer<? super Agent<I, O>> late) {
        return Mono.create(sink -> {
            Creation<I, O> creation = new Creation<>(sink, late);
            creation.timer = clock.schedule(
                    limit, () -> creation.end(null, new IllegalStateException("the factory took more than " + limit)));
            clock.schedule(Duration.ZERO, () -> creation.call(factory));
        });
    }

    private void call(Supplier<? extends Mono<? extends Agent<I, O>>> factory) {
        try {
            Objects.requireNonNull(factory.get(), "the factory returned null").subscribe(this);
        } catch (Throwable thrown) {
            end(null, thrown);
        }
    }

    @Override
    public void onSubscribe(Subscription given) {
        subscription = given;
        if (isOver.get()) {
            given.cancel();
        } else {
            given.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(Agent<I, O> agent) {
        if (!end(agent, null)) {
            late.accept(agent);
        }
    }

    @Override
    public void onError(Throwable cause) {
        end(null, cause);
    }

    @Override
    public void onComplete() {
        end(null, new IllegalStateException("the factory completed without an agent"));
    }

    private boolean end(@Nullable Agent<I, O> agent, @Nullable Throwable failure) {
        if (!isOver.compareAndSet(false, true)) {
            return false;
        }
        Disposable armed = timer;
        if (armed != null) {
            armed.dispose();
        }
        Subscription current = subscription;
        if (agent == null && current != null) {
            AgentPool.quietly("the cancel handler of a factory", current::cancel);
        }
        sink.success(new PooledAgent<>(agent, failure));
        return true;
    }
}
