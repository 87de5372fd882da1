package io.flotilla.agent;

import io.flotilla.AgentId;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.internal.BlockingPool;
import io.flotilla.internal.BodyScope;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.ContextView;

/**
 * The body of a blocking agent: called on a pool's thread, and guarded there. What it throws is an {@code onError}, what
 * Reactor holds for fatal too, and the interrupt flag it leaves behind ends with it.
 *
 * <p>A body may block on a round of blocking agents, whose bodies then need threads while this one keeps its own. On a
 * bounded pool they would wait for each other, so without virtual threads bodies within bodies have a pool of their own for
 * every level, see {@link BlockingLevel}.
 */
final class BlockingBody {

    private BlockingBody() {}

    /** {@code own} null: the engine's or the shared pool, looked up at every attempt, so that a test's virtual time is seen. */
    static <I, O> Mono<O> on(
            @Nullable Scheduler own,
            AgentId id,
            I input,
            StepContext context,
            BiFunction<? super I, ? super StepContext, ? extends O> step) {
        return Mono.deferContextual(subscriber -> {
            BlockingLevel waiting = BlockingLevel.waiting(subscriber);
            int depth = BlockingLevel.depthBelow(waiting);
            if (depth > BlockingLevel.MAX) {
                return Mono.error(NestedBlockingException.tooDeep(id, depth));
            }
            Scheduler pool = pool(own, subscriber, depth);
            Supplier<Mono<O>> body = () -> call(waiting, pool, subscriber, () -> step.apply(input, context));
            return BlockingLevel.keeps(waiting, pool) ? startedSoon(id, depth, pool, body) : on(pool, body);
        });
    }

    private static Scheduler pool(@Nullable Scheduler own, ContextView subscriber, int depth) {
        if (own != null) {
            return own;
        }
        Scheduler ofEngine = BlockingPool.chosen(subscriber);
        return ofEngine != null ? ofEngine : BlockingLevel.pool(depth);
    }

    private static <O> Mono<O> on(Scheduler pool, Supplier<Mono<O>> body) {
        return Mono.defer(body).subscribeOn(pool);
    }

    /** The pool may have other threads; if it has none for too long, those who have them are likely to wait for this body. */
    private static <O> Mono<O> startedSoon(AgentId id, int depth, Scheduler pool, Supplier<Mono<O>> body) {
        AtomicBoolean decided = new AtomicBoolean();
        Mono<O> started = on(pool, () -> decided.compareAndSet(false, true) ? body.get() : Mono.never());
        Mono<O> refused = Mono.delay(NestedBlockingException.MAX_WAIT)
                .flatMap(tick -> decided.compareAndSet(false, true)
                        ? Mono.error(NestedBlockingException.noThread(id, depth))
                        : Mono.never());
        return Mono.firstWithSignal(started, refused);
    }

    @SuppressWarnings("ResultOfMethodCallIgnored")
    private static <O> Mono<O> call(
            @Nullable BlockingLevel waiting,
            Scheduler pool,
            ContextView subscriber,
            Callable<? extends @Nullable O> body) {
        BlockingLevel before = BlockingLevel.current();
        BlockingLevel.enter(waiting, pool, subscriber);
        BodyScope scope = BodyScope.open(subscriber);
        try {
            return Mono.justOrEmpty(body.call());
        } catch (Throwable thrown) {
            return Mono.error(thrown);
        } finally {
            if (scope != null) {
                scope.close();
            }
            BlockingLevel.leave(before);
            Thread.interrupted();
        }
    }
}
