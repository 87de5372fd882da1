package io.flotilla.pool;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What the builder of a pool has been given so far; each pool has a copy, which nobody changes. Not thread-safe. */
final class AgentPoolSettings<I, O> {

    final AgentId id;
    final Supplier<? extends Mono<? extends Agent<I, O>>> factory;
    int minSize;
    int maxSize = AgentPool.DEFAULT_MAX_SIZE;
    int maxQueued = AgentPool.DEFAULT_MAX_QUEUED;
    Duration acquireTimeout = AgentPool.DEFAULT_ACQUIRE_TIMEOUT;
    Duration creationTimeout = AgentPool.DEFAULT_CREATION_TIMEOUT;

    @Nullable Duration maxIdle;

    @Nullable Duration maxAge;

    Predicate<? super Throwable> discardOn = cause -> false;
    boolean keptOnCancel;
    Function<? super Agent<I, O>, ? extends Mono<Void>> destroy = agent -> Mono.empty();

    @Nullable MeterRegistry meterRegistry;

    StepEngine engine = StepEngine.builder().build();

    AgentPoolSettings(AgentId id, Supplier<? extends Mono<? extends Agent<I, O>>> factory) {
        this.id = id;
        this.factory = factory;
    }

    AgentPoolSettings(AgentPoolSettings<I, O> other) {
        this(other.id, other.factory);
        minSize = other.minSize;
        maxSize = other.maxSize;
        maxQueued = other.maxQueued;
        acquireTimeout = other.acquireTimeout;
        creationTimeout = other.creationTimeout;
        maxIdle = other.maxIdle;
        maxAge = other.maxAge;
        discardOn = other.discardOn;
        keptOnCancel = other.keptOnCancel;
        destroy = other.destroy;
        meterRegistry = other.meterRegistry;
        engine = other.engine;
    }
}
