package io.flotilla.resilience;

import io.flotilla.agent.StepContext;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthSource;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Retry, bulkhead, rate limiter, circuit breaker, attempt timeout, fallback and budget around each step. Each is
 * optional; their order is fixed:
 *
 * <pre>
 * step timeout of the engine
 *   fallback                 once a step
 *     retry                  once a step; everything below, once an attempt
 *       budget
 *         bulkhead queue         waiting here is not slowness of the remote,
 *           rate limiter queue   so both queues are outside the circuit breaker
 *             circuit breaker    counts every attempt, timeouts too
 *               attempt timeout
 *                 guard          turns whatever the body throws into a signal
 *                   the agent's body
 * </pre>
 *
 * <pre>{@code
 * Resilience resilience = Resilience.builder()
 *         .retry(RetryPolicy.attempts(3))
 *         .circuitBreaker(CircuitBreakerPolicy.defaults())
 *         .attemptTimeout(Duration.ofSeconds(5))
 *         .build();
 * StepEngine engine = StepEngine.builder().interceptor(resilience).build();
 * }</pre>
 *
 * <p>There is one bulkhead, rate limiter and circuit breaker for each key; by default the key is the agent's kind. Waits
 * and timeouts use the engine's time, so reactor-test's virtual time drives them. Build one {@code Resilience} for each
 * engine: guards belong to the engine whose step used them first. Thread-safe.
 *
 * @since 0.1
 */
public final class Resilience implements StepInterceptor, HealthSource {

    /** How many keys have guards of their own. */
    public static final int MAX_KEYS = 1_000;

    /** The key that all others share. */
    public static final String OTHER_KEYS = "other";

    private final Function<? super StepContext, String> key;
    private final @Nullable RetryPolicy retry;
    private final @Nullable AttemptLimit attemptLimit;
    private final @Nullable Fallback fallback;
    private final @Nullable Budget budget;
    private final GuardMaker maker;
    private final ResilienceMeters meters;
    private final CircuitBreakerTransitions changes = new CircuitBreakerTransitions();
    private final Set<String> keys = ConcurrentHashMap.newKeySet();
    private final Map<String, Guards> guards = new ConcurrentHashMap<>();
    private final boolean guardsAttempts;
    private final Complaint givingBack = new Complaint("what was asked as an attempt ended");

    private Resilience(Builder builder) {
        key = builder.key;
        retry = builder.retry;
        attemptLimit = AttemptLimit.of(builder.attemptTimeout, builder.attemptIdleTimeout);
        fallback = builder.fallback;
        budget = builder.budget;
        meters = new ResilienceMeters(builder.meterRegistry);
        maker = new GuardMaker(
                builder.bulkhead,
                builder.rateLimiter,
                builder.circuitBreaker,
                builder.bulkheads,
                builder.rateLimiters,
                builder.circuitBreakers);
        guardsAttempts = maker.makesAny() || attemptLimit != null || budget != null;
    }

    /**
     * Starts a configuration.
     *
     * @return a builder without any guard
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * All state transitions of circuit breakers from now on.
     *
     * <p>Hot: transitions before the subscription are not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: one transition. A slow subscriber has a buffer of 256; then its oldest are dropped. A
     *       subscriber that throws, also a fatal error, receives no more; the other subscribers and the circuit breakers
     *       are not affected.
     *   <li><b>onError, onComplete</b>: never.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: {@link reactor.core.scheduler.Schedulers#boundedElastic()}; a subscriber may block.
     * </ul>
     *
     * @return the transitions
     */
    public Flux<CircuitBreakerTransition> circuitBreakerTransitions() {
        return changes.changes();
    }

    /**
     * The state of all circuit breakers as one check, for a {@link io.flotilla.health.HealthMonitor}: {@code DEGRADED} while one is
     * open or on trial, {@code DOWN} while all are open. An open one whose {@code openDuration} is over counts as on trial, since the
     * next attempt is let through. The states are details by key.
     *
     * @return one check, not critical, of the name {@code circuit breakers}
     */
    @Override
    public List<HealthCheck> healthChecks() {
        return List.of(new CircuitBreakerHealth(guards).all());
    }

    /**
     * The state of one circuit breaker as a check: {@code DOWN} while it refuses attempts, {@code DEGRADED} while it is on trial,
     * {@code UP} if there is none yet.
     *
     * @param key the breaker's key: the agent's kind, unless {@link Builder#keyedBy} says otherwise
     * @return a critical check of the name {@code circuit breaker KEY}
     * @throws NullPointerException if {@code key} is null
     * @throws IllegalArgumentException if the key cannot be part of a check's name, see {@link HealthCheck#of}
     */
    public HealthCheck circuitBreakerCheck(String key) {
        return new CircuitBreakerHealth(guards).of(Objects.requireNonNull(key, "key"));
    }

    @Override
    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
        RetryPolicy policy = retry;
        Fallback standIn = fallback;
        Mono<O> step = attempts;
        if (policy != null && policy.maxAttempts() > 1) {
            if (policy.hasBudget()) {
                roundRetries(call).steps.incrementAndGet();
            }
            step = new RetriedStep<>(this, policy, call, attempts);
        }
        if (budget != null) {
            StepRejectedException refusal = budgetUse(budget, call).startStep();
            if (refusal != null) {
                meters.rejected(boundedKey(call.context()), refusal.guard());
                step = Mono.error(refusal);
            }
        }
        return standIn == null ? step : standIn.around(this, call, step, boundedKey(call.context()));
    }

    @Override
    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return guarded(call, context, attempt);
    }

    /** With the guards of the context's key around it. */
    <O> Mono<O> guarded(StepCall<?, O> call, StepContext context, Mono<O> attempt) {
        return guardsAttempts
                ? new Attempt<>(this, guardsOf(context, call.clock()), budgetUse(call), idleOf(call), attempt)
                : attempt;
    }

    private @Nullable StepCall<?, ?> idleOf(StepCall<?, ?> call) {
        return attemptLimit == null || attemptLimit.idle() == null ? null : call;
    }

    // --- for attempts

    @Nullable AttemptLimit attemptLimit() {
        return attemptLimit;
    }

    ResilienceMeters meters() {
        return meters;
    }

    Complaint givingBack() {
        return givingBack;
    }

    @Nullable BudgetUse budgetUse(StepCall<?, ?> call) {
        return budget == null ? null : budgetUse(budget, call);
    }

    private static BudgetUse budgetUse(Budget of, StepCall<?, ?> call) {
        return call.sharedState(of, () -> new BudgetUse(of, call.context().usage(), call.clock()));
    }

    Retrying.RoundRetries roundRetries(StepCall<?, ?> call) {
        return call.sharedState(this, Retrying.RoundRetries::new);
    }

    // --- keys

    /** The key of a step, or the one all share when there are too many; also where no guard is made for it, for meters. */
    String boundedKey(StepContext context) {
        return bounded(keyOf(context));
    }

    private String keyOf(StepContext context) {
        return Objects.requireNonNull(key.apply(context), "key of a step");
    }

    /** The key itself if it is one of the first; meters have it as a tag, with guards or without. */
    private String bounded(String wanted) {
        if (keys.contains(wanted)) {
            return wanted;
        }
        if (keys.size() >= MAX_KEYS) {
            return OTHER_KEYS;
        }
        synchronized (keys) {
            if (keys.size() < MAX_KEYS) {
                keys.add(wanted);
            }
        }
        return keys.contains(wanted) ? wanted : OTHER_KEYS;
    }

    private Guards guardsOf(StepContext context, EngineClock clock) {
        String wanted = keyOf(context);
        Guards found = guards.get(wanted);
        return found != null ? found : guards.computeIfAbsent(bounded(wanted), of -> makeGuards(of, clock));
    }

    private Guards makeGuards(String of, EngineClock clock) {
        Guards made = maker.make(of, clock, this::changed);
        meters.watch(made);
        return made;
    }

    private void changed(CircuitBreakerTransition change) {
        meters.changed(change);
        changes.publish(change);
    }

    /** The configuration of a resilience. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private Function<? super StepContext, String> key =
                context -> context.agentId().kind();
        private @Nullable RetryPolicy retry;
        private @Nullable BulkheadPolicy bulkhead;
        private @Nullable RateLimiterPolicy rateLimiter;
        private @Nullable CircuitBreakerPolicy circuitBreaker;
        private @Nullable Duration attemptTimeout;
        private @Nullable Duration attemptIdleTimeout;
        private @Nullable Fallback fallback;
        private @Nullable Budget budget;
        private @Nullable CircuitBreakerRegistry circuitBreakers;
        private @Nullable BulkheadRegistry bulkheads;
        private @Nullable RateLimiterRegistry rateLimiters;
        private @Nullable MeterRegistry meterRegistry;

        private Builder() {}

        /**
         * The key by which steps share a bulkhead, a rate limiter and a circuit breaker, such as a model's endpoint or a
         * tool.
         *
         * @param key returns the key, not null; at most {@link #MAX_KEYS} values have their own guards; default the
         *     agent's kind
         * @return this builder
         * @throws NullPointerException if {@code key} is null
         */
        public Builder keyedBy(Function<? super StepContext, String> key) {
            this.key = Objects.requireNonNull(key, "key");
            return this;
        }

        /**
         * Retries failed attempts.
         *
         * @param retry the policy; default none
         * @return this builder
         * @throws NullPointerException if {@code retry} is null
         */
        public Builder retry(RetryPolicy retry) {
            this.retry = Objects.requireNonNull(retry, "retry");
            return this;
        }

        /**
         * Bounds the number of concurrent attempts.
         *
         * @param bulkhead the policy; default no bound but the engine's concurrency
         * @return this builder
         * @throws NullPointerException if {@code bulkhead} is null
         */
        public Builder bulkhead(BulkheadPolicy bulkhead) {
            this.bulkhead = Objects.requireNonNull(bulkhead, "bulkhead");
            return this;
        }

        /**
         * Bounds the number of attempts in a period.
         *
         * @param rateLimiter the policy; default no bound
         * @return this builder
         * @throws NullPointerException if {@code rateLimiter} is null
         */
        public Builder rateLimiter(RateLimiterPolicy rateLimiter) {
            this.rateLimiter = Objects.requireNonNull(rateLimiter, "rateLimiter");
            return this;
        }

        /**
         * Stops attempts while they keep failing.
         *
         * @param circuitBreaker the policy; default none
         * @return this builder
         * @throws NullPointerException if {@code circuitBreaker} is null
         */
        public Builder circuitBreaker(CircuitBreakerPolicy circuitBreaker) {
            this.circuitBreaker = Objects.requireNonNull(circuitBreaker, "circuitBreaker");
            return this;
        }

        /**
         * Bounds the time of one attempt, without its waits. An attempt that ends at once arms no timer.
         *
         * <p>A body that blocks its thread is timed out too, up to 20 ms late, by a thread of the library. The result, a
         * retry and the next attempt of the bulkhead do not wait for the body. The blocked thread stays with the body
         * until the body returns; its answer is discarded. If it is the thread that starts the steps of a round, the
         * remaining steps start when it returns, or after the step timeout on another thread. A cancel handler that does
         * not return within 100 ms is not waited for either.
         *
         * @param attemptTimeout more than zero; default none but the engine's step timeout
         * @return this builder
         * @throws IllegalArgumentException if it is out of bounds
         */
        public Builder attemptTimeout(Duration attemptTimeout) {
            this.attemptTimeout = Check.positive(attemptTimeout, "attemptTimeout");
            return this;
        }

        /**
         * Bounds the time in which one attempt neither {@linkplain StepContext#emit emits} anything nor ends. So an attempt at a
         * model that streams may last as long as the attempt timeout, and one whose stream has stalled is given up early, counted by the
         * circuit breaker and retried as one that passed the attempt timeout is. Emitting arms no timer.
         *
         * @param attemptIdleTimeout more than zero; default none but the engine's idle timeout, which ends the step
         * @return this builder
         * @throws IllegalArgumentException if it is out of bounds
         */
        public Builder attemptIdleTimeout(Duration attemptIdleTimeout) {
            this.attemptIdleTimeout = Check.positive(attemptIdleTimeout, "attemptIdleTimeout");
            return this;
        }

        /**
         * Sets the fallback for steps that have failed.
         *
         * @param fallback the fallback; default none
         * @return this builder
         * @throws NullPointerException if {@code fallback} is null
         */
        public Builder fallback(Fallback fallback) {
            this.fallback = Objects.requireNonNull(fallback, "fallback");
            return this;
        }

        /**
         * Bounds what a round or run may use.
         *
         * @param budget the budget; default no bound
         * @return this builder
         * @throws NullPointerException if {@code budget} is null
         */
        public Builder budget(Budget budget) {
            this.budget = Objects.requireNonNull(budget, "budget");
            return this;
        }

        /**
         * Records meters, see {@link ResilienceMeter}. A registry that throws costs the meter, and no result.
         *
         * @param registry the registry; default none
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder meterRegistry(MeterRegistry registry) {
            this.meterRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Takes the state machines from the user's own registries, by key, with their configuration and metrics. This is
         * the only signature with types of Resilience4j. The registry's configuration replaces the policy of the same
         * guard, except for the number and time of queued attempts and the maximum half-open duration. The state machines
         * use their own clock: virtual time drives them only if they were created with it.
         *
         * <p>A consumer of their events that throws is logged and has no other effect. If a predicate of a circuit
         * breaker throws, the failure does not count, and every permit is released.
         *
         * @param circuitBreakers circuit breakers, or null for Flotilla's own
         * @param bulkheads bulkheads, or null for Flotilla's own; their own waiting, which blocks, is not used
         * @param rateLimiters rate limiters, or null for Flotilla's own; their timeout is not used
         * @return this builder
         */
        public Builder registries(
                @Nullable CircuitBreakerRegistry circuitBreakers,
                @Nullable BulkheadRegistry bulkheads,
                @Nullable RateLimiterRegistry rateLimiters) {
            this.circuitBreakers = circuitBreakers;
            this.bulkheads = bulkheads;
            this.rateLimiters = rateLimiters;
            return this;
        }

        /**
         * Creates the interceptor. The builder may be changed and used again.
         *
         * @return a resilience, for one engine
         */
        public Resilience build() {
            return new Resilience(this);
        }
    }
}
