package io.flotilla.pool;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepRejectedException;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolShutdownException;
import reactor.pool.PooledRefMetadata;

/**
 * A bounded number of agents that are dear to make and serve one step at a time: a session, a browser, a connection to a model.
 *
 * <pre>{@code
 * AgentPool<String, String> browsers = AgentPool.builder(AgentId.of("browser"), () -> Mono.fromCallable(Browser::open))
 *         .size(1, 8)
 *         .acquireTimeout(Duration.ofSeconds(5))
 *         .maxIdle(Duration.ofMinutes(10))
 *         .build();
 * engine.step(browsers, "a page");                                  // the pool is an agent
 * Mono<Report> report = browsers.withAgent(browser -> browse(browser));   // several calls of one agent
 * }</pre>
 *
 * <p>Agents are lent by {@link #withAgent} alone, so each comes back once: when the use completes, fails, or is cancelled. An
 * agent whose use was cancelled is destroyed, since its work may go on; {@link Builder#keepOnCancel()} puts it back. Borrowers
 * that wait are served in their order.
 *
 * <p>There are never more than {@link Builder#size max} agents, not counting those that are being destroyed. Too old agents, and those
 * that were idle for too long, are destroyed in the background and never lent.
 *
 * <p>With a {@link Builder#meterRegistry}: gauges {@code flotilla.pool.in.use}, {@code .idle}, {@code .pending}, {@code .max};
 * the timer {@code flotilla.pool.acquire}; counters {@code flotilla.pool.created}, {@code .destroyed}, {@code .timeouts}; all
 * with the tag {@code agent}, the kind of the pool's id.
 *
 * <p>Thread-safe.
 *
 * @param <I> the input of a step
 * @param <O> the value of a step
 * @since 0.1
 */
public final class AgentPool<I, O> implements Agent<I, O> {

    /** The default max of {@link Builder#size}. */
    public static final int DEFAULT_MAX_SIZE = 8;

    /** The default of {@link Builder#maxQueued}. */
    public static final int DEFAULT_MAX_QUEUED = 10_000;

    /** The default of {@link Builder#acquireTimeout}. */
    public static final Duration DEFAULT_ACQUIRE_TIMEOUT = Duration.ofSeconds(30);

    /** The default of {@link Builder#creationTimeout}. */
    public static final Duration DEFAULT_CREATION_TIMEOUT = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(AgentPool.class);
    private static final String GUARD = "agentpool";

    final AgentPoolSettings<I, O> settings;
    final EngineClock clock;
    final InstrumentedPool<PooledAgent<I, O>> agents;
    final PoolMeters meters = new PoolMeters();
    private final AtomicLong creationFailures = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> lastFailure = new AtomicReference<>();

    private AgentPool(AgentPoolSettings<I, O> settings) {
        this.settings = settings;
        this.clock = EngineAccess.of(settings.engine).clock();
        this.agents = pool();
        MeterRegistry registry = settings.meterRegistry;
        if (registry != null) {
            meters.register(registry, this);
        }
    }

    private InstrumentedPool<PooledAgent<I, O>> pool() {
        ClockScheduler scheduler = new ClockScheduler(clock);
        PoolBuilder<PooledAgent<I, O>, ?> builder = PoolBuilder.from(
                        Creation.of(settings.factory, settings.creationTimeout, clock, this::destroyLate)
                                .doOnNext(this::created))
                .sizeBetween(settings.minSize, settings.maxSize)
                .maxPendingAcquire(settings.maxQueued)
                .clock(scheduler.instants())
                .evictionPredicate(this::isEvicted)
                .destroyHandler(this::destroy);
        Duration period = evictionPeriod();
        return (period == null ? builder : builder.evictInBackground(period, scheduler)).buildPool();
    }

    /** Half of the shorter limit, so nothing outlives its limit by more than half. */
    private @Nullable Duration evictionPeriod() {
        Duration idle = settings.maxIdle;
        Duration age = settings.maxAge;
        Duration shorter = idle == null || (age != null && age.compareTo(idle) < 0) ? age : idle;
        return shorter == null ? null : Duration.ofNanos(Math.max(1_000_000, shorter.toNanos() / 2));
    }

    private boolean isEvicted(PooledAgent<I, O> pooled, PooledRefMetadata metadata) {
        Duration idle = settings.maxIdle;
        Duration age = settings.maxAge;
        return pooled.isFailed()
                || (idle != null && metadata.idleTime() >= idle.toMillis())
                || (age != null && metadata.lifeTime() >= age.toMillis());
    }

    private void created(PooledAgent<I, O> pooled) {
        if (pooled.isFailed()) {
            lastFailure.set(pooled.failure());
            creationFailures.incrementAndGet();
        } else {
            meters.created();
        }
    }

    private void destroyLate(Agent<I, O> agent) {
        meters.created();
        destroy(new PooledAgent<>(agent, null)).subscribe();
    }

    /** On a thread of its own, and nobody waits for it: it is code of the user's. */
    private Mono<Void> destroy(PooledAgent<I, O> pooled) {
        Agent<I, O> agent = pooled.agent();
        if (agent != null) {
            meters.destroyed();
            clock.schedule(
                    Duration.ZERO,
                    () -> quietly(
                            "the destroy function of a pool",
                            () -> Objects.requireNonNull(
                                            settings.destroy.apply(agent), "the destroy function returned null")
                                    .subscribe(
                                            nothing -> {},
                                            failed -> warn("the destroy function of a pool failed", failed))));
        }
        return Mono.empty();
    }

    boolean isSpoiltBy(Throwable cause) {
        try {
            return settings.discardOn.test(cause);
        } catch (Throwable thrown) {
            warn("the discardOn function of a pool threw, the agent is destroyed", thrown);
            return true;
        }
    }

    static void quietly(String what, Runnable task) {
        try {
            task.run();
        } catch (Throwable thrown) {
            warn(what + " threw", thrown);
        }
    }

    static void warn(String what, Throwable thrown) {
        try {
            LOG.warn(what, thrown);
        } catch (Throwable again) {
            // it is the log that throws
        }
    }

    AgentPoolException refusal(AgentPoolException.Reason reason, String message, @Nullable Throwable cause) {
        return new AgentPoolException(settings.id, reason, message, cause);
    }

    AgentPoolException refusal(Throwable cause) {
        if (cause instanceof PoolAcquirePendingLimitException) {
            return refusal(
                    AgentPoolException.Reason.FULL,
                    "all " + settings.maxSize + " agents are in use, and " + settings.maxQueued + " borrowers wait",
                    null);
        }
        return cause instanceof PoolShutdownException
                ? refusal(AgentPoolException.Reason.CLOSED, "it is closed", null)
                : refusal(AgentPoolException.Reason.CREATION_FAILED, "no agent can be created", cause);
    }

    /**
     * Starts a pool's configuration.
     *
     * @param id the pool's id as an agent
     * @param factory called for each agent, on a thread that it may block; its {@code Mono} emits a new agent
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     */
    public static <I, O> Builder<I, O> builder(AgentId id, Supplier<? extends Mono<? extends Agent<I, O>>> factory) {
        return new Builder<>(Objects.requireNonNull(id, "id"), Objects.requireNonNull(factory, "factory"));
    }

    @Override
    public AgentId id() {
        return settings.id;
    }

    /**
     * One step of one of the agents, which is lent for that time. As {@link #withAgent}; but with no agent to be had in time, or too
     * many borrowers waiting, it fails with a {@link StepRejectedException} of the guard {@code agentpool}, so the step is
     * {@code Rejected}.
     */
    @Override
    public Mono<O> step(I input, StepContext context) {
        return withAgent(agent -> agent.step(input, context)).onErrorMap(AgentPoolException.class, refused -> {
            boolean isBusy = refused.pool().equals(settings.id)
                    && (refused.reason() == AgentPoolException.Reason.FULL
                            || refused.reason() == AgentPoolException.Reason.TIMED_OUT);
            return isBusy ? new StepRejectedException(GUARD, String.valueOf(refused.getMessage()), null) : refused;
        });
    }

    /**
     * Lends an agent for one use.
     *
     * <p>Cold: every subscription borrows one.
     *
     * <ul>
     *   <li><b>onNext</b>: the value of the body, when the body has completed; the agent is back in the pool before. So clean up
     *       with {@code doOnTerminate} or {@code usingWhen}: a {@code doFinally} runs after the completion.
     *   <li><b>onError</b>: what the body fails with or throws; {@link AgentPoolException} if there is no agent.
     *   <li><b>onComplete</b>: without a value, if the body has none.
     *   <li><b>cancel</b>: leaves the queue, or cancels the body and destroys the agent, see {@link Builder#keepOnCancel()}.
     *   <li><b>threads</b>: the body is called on a thread that may run user code, not the caller's.
     *   <li><b>context</b>: the subscriber's context reaches the body.
     * </ul>
     *
     * @param body uses the agent until its {@code Mono} ends; the agent must not be used after that
     * @param <R> the value of the body
     * @return the value of the body
     * @throws NullPointerException if {@code body} is null (the call itself, not a signal)
     */
    public <R> Mono<R> withAgent(Function<? super Agent<I, O>, ? extends Mono<? extends R>> body) {
        Objects.requireNonNull(body, "body");
        return Mono.create(sink -> new Lease<>(this, body, sink).start());
    }

    /**
     * Creates agents up to the minimum of {@link Builder#size}, so the first borrowers do not wait.
     *
     * <p>Cold: every subscription does it.
     *
     * <ul>
     *   <li><b>onNext</b>: how many were created.
     *   <li><b>onError</b>: {@link AgentPoolException} if an agent could not be created meanwhile.
     *   <li><b>cancel</b>: ends the waiting only.
     * </ul>
     *
     * @return the number of new agents
     */
    public Mono<Integer> warmUp() {
        return Mono.defer(() -> {
            long before = creationFailures.get();
            return agents.warmup()
                    .flatMap(count -> creationFailures.get() == before
                            ? Mono.just(count)
                            : Mono.error(refusal(
                                    AgentPoolException.Reason.CREATION_FAILED,
                                    "no agent can be created",
                                    lastFailure.get())));
        });
    }

    /**
     * Closes the pool: nobody borrows, and those who wait fail as {@link AgentPoolException.Reason#CLOSED}. Idle agents are
     * destroyed at once, lent ones when they come back.
     *
     * <p>Cold: nothing is closed before the first subscription.
     *
     * <ul>
     *   <li><b>onComplete</b>: when no agent is idle; lent ones may still be in use.
     * </ul>
     *
     * @return completes when it is closed
     */
    public Mono<Void> close() {
        return agents.disposeLater();
    }

    /**
     * The counts of about this moment.
     *
     * @return the counts
     */
    public AgentPoolStats stats() {
        InstrumentedPool.PoolMetrics now = agents.metrics();
        return new AgentPoolStats(
                now.acquiredSize(),
                now.idleSize(),
                now.pendingAcquireSize(),
                settings.maxSize,
                meters.createdCount(),
                meters.destroyedCount());
    }

    /** Id and counts. */
    @Override
    public String toString() {
        return "AgentPool[" + settings.id + ", " + stats() + "]";
    }

    /**
     * The configuration of a pool. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <I> the input of a step
     * @param <O> the value of a step
     */
    public static final class Builder<I, O> {

        private final AgentPoolSettings<I, O> settings;

        private Builder(AgentId id, Supplier<? extends Mono<? extends Agent<I, O>>> factory) {
            this.settings = new AgentPoolSettings<>(id, factory);
        }

        /**
         * How many agents there are.
         *
         * @param min what {@link AgentPool#warmUp()} creates; 0 or more; default 0. Eviction may leave fewer
         * @param max the most at the same time; 1 or more, and not below {@code min}; default {@value
         *     AgentPool#DEFAULT_MAX_SIZE}
         * @return this builder
         * @throws IllegalArgumentException if one is out of its bounds
         */
        public Builder<I, O> size(int min, int max) {
            if (min < 0) {
                throw new IllegalArgumentException("min must be >= 0, was " + min);
            }
            BatcherSettings.atLeastOne("max", max);
            if (max < min) {
                throw new IllegalArgumentException("max must be >= min, was " + max + " with min " + min);
            }
            settings.minSize = min;
            settings.maxSize = max;
            return this;
        }

        /**
         * How many borrowers may wait; a further one fails as {@link AgentPoolException.Reason#FULL}.
         *
         * @param maxQueued 0 or more; default {@value AgentPool#DEFAULT_MAX_QUEUED}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxQueued} is negative
         */
        public Builder<I, O> maxQueued(int maxQueued) {
            if (maxQueued < 0) {
                throw new IllegalArgumentException("maxQueued must be >= 0, was " + maxQueued);
            }
            settings.maxQueued = maxQueued;
            return this;
        }

        /**
         * How long a borrower waits for an agent, a new one's creation included.
         *
         * @param acquireTimeout more than zero; default 30 seconds
         * @return this builder
         * @throws NullPointerException if {@code acquireTimeout} is null
         * @throws IllegalArgumentException if {@code acquireTimeout} is not more than zero, or over 292 years
         */
        public Builder<I, O> acquireTimeout(Duration acquireTimeout) {
            settings.acquireTimeout = BatcherSettings.positive("acquireTimeout", acquireTimeout);
            return this;
        }

        /**
         * How long the factory may take. Then its place is free again, and an agent that comes later is destroyed.
         *
         * @param creationTimeout more than zero; default 30 seconds
         * @return this builder
         * @throws NullPointerException if {@code creationTimeout} is null
         * @throws IllegalArgumentException if {@code creationTimeout} is not more than zero, or over 292 years
         */
        public Builder<I, O> creationTimeout(Duration creationTimeout) {
            settings.creationTimeout = BatcherSettings.positive("creationTimeout", creationTimeout);
            return this;
        }

        /**
         * How long an agent may be idle. It is never lent after that, and destroyed up to half of it later.
         *
         * @param maxIdle 1 ms or more; default: no limit
         * @return this builder
         * @throws NullPointerException if {@code maxIdle} is null
         * @throws IllegalArgumentException if {@code maxIdle} is below 1 ms, or over 292 years
         */
        public Builder<I, O> maxIdle(Duration maxIdle) {
            settings.maxIdle = millis("maxIdle", maxIdle);
            return this;
        }

        /**
         * How old an agent may become. It is never lent after that; one in use is destroyed when it comes back.
         *
         * @param maxAge 1 ms or more; default: no limit
         * @return this builder
         * @throws NullPointerException if {@code maxAge} is null
         * @throws IllegalArgumentException if {@code maxAge} is below 1 ms, or over 292 years
         */
        public Builder<I, O> maxAge(Duration maxAge) {
            settings.maxAge = millis("maxAge", maxAge);
            return this;
        }

        private static Duration millis(String what, Duration value) {
            if (BatcherSettings.positive(what, value).toMillis() < 1) {
                throw new IllegalArgumentException(what + " must be >= 1 ms, was " + value);
            }
            return value;
        }

        /**
         * After which failures of a use its agent is destroyed. If the predicate throws, it is.
         *
         * @param discardOn default: after none
         * @return this builder
         * @throws NullPointerException if {@code discardOn} is null
         */
        public Builder<I, O> discardOn(Predicate<? super Throwable> discardOn) {
            settings.discardOn = Objects.requireNonNull(discardOn, "discardOn");
            return this;
        }

        /**
         * Puts an agent back whose use was cancelled: for agents that end their work at a cancel, at once.
         *
         * @return this builder
         */
        public Builder<I, O> keepOnCancel() {
            settings.keptOnCancel = true;
            return this;
        }

        /**
         * What is done with an agent that leaves the pool. Called once for each, on a thread that it may block; its failure is
         * logged.
         *
         * @param destroy default: nothing
         * @return this builder
         * @throws NullPointerException if {@code destroy} is null
         */
        public Builder<I, O> destroy(Function<? super Agent<I, O>, ? extends Mono<Void>> destroy) {
            settings.destroy = Objects.requireNonNull(destroy, "destroy");
            return this;
        }

        /**
         * Where the pool's meters are registered. A registry that throws costs the meter, and no agent.
         *
         * @param meterRegistry default: nowhere
         * @return this builder
         * @throws NullPointerException if {@code meterRegistry} is null
         */
        public Builder<I, O> meterRegistry(MeterRegistry meterRegistry) {
            settings.meterRegistry = Objects.requireNonNull(meterRegistry, "meterRegistry");
            return this;
        }

        /**
         * The engine whose timers and threads it uses.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<I, O> engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the pool, without agents. The builder may be changed and used again.
         *
         * @return a new pool
         */
        public AgentPool<I, O> build() {
            return new AgentPool<>(new AgentPoolSettings<>(settings));
        }
    }
}
