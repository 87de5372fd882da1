package io.flotilla.pool;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.pool.PooledRef;
import reactor.util.context.Context;

/**
 * One borrower: waits for an agent, uses it, and gives it back once, whatever ends first. Every agent that the pool hands to it
 * is given back, also one that comes after the borrower has left: there is no operator in between that could drop it.
 */
final class Lease<I, O, R> implements CoreSubscriber<PooledRef<PooledAgent<I, O>>> {

    private enum Phase {
        WAITING,
        ACQUIRED,
        IN_USE,
        OVER
    }

    private final AgentPool<I, O> pool;
    private final Function<? super Agent<I, O>, ? extends Mono<? extends R>> body;
    private final MonoSink<R> sink;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
    private final long began;
    private volatile @Nullable Disposable timer;
    private volatile @Nullable Subscription acquisition;
    private volatile @Nullable PooledRef<PooledAgent<I, O>> ref;
    private volatile @Nullable Subscription work;

    Lease(AgentPool<I, O> pool, Function<? super Agent<I, O>, ? extends Mono<? extends R>> body, MonoSink<R> sink) {
        this.pool = pool;
        this.body = body;
        this.sink = sink;
        this.began = pool.clock.nanoTime();
    }

    void start() {
        sink.onDispose(this::cancel);
        Duration limit = pool.settings.acquireTimeout;
        Disposable armed = pool.clock.schedule(limit, () -> timeUp(limit));
        timer = armed;
        pool.agents.acquire().subscribe(this);
        if (phase.get() != Phase.WAITING) {
            armed.dispose();
        }
    }

    private void timeUp(Duration limit) {
        if (phase.compareAndSet(Phase.WAITING, Phase.OVER)) {
            leaveTheQueue();
            pool.meters.timedOut();
            sink.error(pool.refusal(AgentPoolException.Reason.TIMED_OUT, "no agent became free within " + limit, null));
        }
    }

    private void leaveTheQueue() {
        Subscription waiting = acquisition;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    // --- waiting

    @Override
    public Context currentContext() {
        return Context.empty(); // of no one borrower: whoever has it next uses what the factory makes
    }

    @Override
    public void onSubscribe(Subscription given) {
        acquisition = given;
        given.request(Long.MAX_VALUE);
        if (phase.get() == Phase.OVER) {
            given.cancel();
        }
    }

    @Override
    public void onNext(PooledRef<PooledAgent<I, O>> lent) {
        ref = lent;
        if (!phase.compareAndSet(Phase.WAITING, Phase.ACQUIRED)) {
            giveBack(lent, false);
            return;
        }
        disarm();
        pool.meters.acquired(pool.clock.nanoTime() - began);
        // on a thread of its own: this one belongs to the borrower before, or to the factory
        pool.clock.schedule(Duration.ZERO, () -> use(lent));
    }

    private void disarm() {
        Disposable armed = timer;
        if (armed != null) {
            armed.dispose();
        }
    }

    @Override
    public void onError(Throwable cause) {
        if (phase.compareAndSet(Phase.WAITING, Phase.OVER)) {
            disarm();
            sink.error(pool.refusal(cause));
        }
    }

    @Override
    public void onComplete() {
        // comes after the agent
    }

    // --- in use

    private void use(PooledRef<PooledAgent<I, O>> lent) {
        if (!phase.compareAndSet(Phase.ACQUIRED, Phase.IN_USE)) {
            return; // cancelled, and given back
        }
        Agent<I, O> agent = lent.poolable().agent();
        if (agent == null) {
            if (!phase.compareAndSet(Phase.IN_USE, Phase.OVER)) {
                return;
            }
            giveBack(lent, true);
            sink.error(pool.refusal(
                    AgentPoolException.Reason.CREATION_FAILED,
                    "no agent can be created",
                    lent.poolable().failure()));
            return;
        }
        try {
            Objects.requireNonNull(body.apply(agent), "the body returned null").subscribe(new Work());
        } catch (Throwable thrown) {
            end(null, thrown);
        }
    }

    /** The body at work. */
    private final class Work implements CoreSubscriber<R> {

        private @Nullable R value;

        @Override
        public Context currentContext() {
            return Context.of(sink.contextView());
        }

        @Override
        public void onSubscribe(Subscription given) {
            work = given;
            if (phase.get() == Phase.OVER) {
                AgentPool.quietly("the cancel handler of an agent's user", given::cancel);
            } else {
                given.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(R emitted) {
            value = emitted; // and the agent may still be at work
        }

        @Override
        public void onError(Throwable cause) {
            end(null, cause);
        }

        @Override
        public void onComplete() {
            end(value, null);
        }
    }

    private void end(@Nullable R value, @Nullable Throwable cause) {
        if (!phase.compareAndSet(Phase.IN_USE, Phase.OVER)) {
            return;
        }
        giveBack(Objects.requireNonNull(ref, "in use"), cause != null && pool.isSpoiltBy(cause));
        if (cause != null) {
            sink.error(cause);
        } else {
            sink.success(value);
        }
    }

    /** The subscriber has left, or everything has ended already. */
    private void cancel() {
        Phase before = phase.getAndSet(Phase.OVER);
        disarm();
        PooledRef<PooledAgent<I, O>> lent = ref;
        if (before == Phase.WAITING) {
            leaveTheQueue();
        } else if (lent != null && before == Phase.ACQUIRED) {
            giveBack(lent, false);
        } else if (lent != null && before == Phase.IN_USE) {
            Subscription current = work;
            if (current != null) {
                AgentPool.quietly("the cancel handler of an agent's user", current::cancel);
            }
            giveBack(lent, !pool.settings.keptOnCancel);
        }
    }

    private void giveBack(PooledRef<PooledAgent<I, O>> lent, boolean discarded) {
        (discarded ? lent.invalidate() : lent.release())
                .subscribe(nothing -> {}, failed -> AgentPool.warn("an agent cannot be given back", failed));
    }
}
