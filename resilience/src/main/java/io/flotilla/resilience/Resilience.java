package io.flotilla.resilience;

import io.flotilla.agent.StepContext;
import io.flotilla.step.EngineTime;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Retry, bulkhead, rate limiter, circuit breaker, attempt timeout, fallback and budget around each step, each of them
 * optional, in the one right order:
 *
 * <pre>
 * step timeout of the engine
 *   fallback                 once a step
 *     retry                  once a step; everything below, once an attempt
 *       budget
 *         bulkhead queue     waiting is not the remote's slowness,
 *           limiter wait     so both waits are outside the breaker
 *             breaker        counts every attempt, timeouts too
 *               attempt timeout
 *                 guard      makes a signal of whatever the body throws
 *                   the agent's body
 * </pre>
 *
 * <pre>{@code
 * Resilience resilience = Resilience.builder()
 *         .retry(RetryPolicy.attempts(3))
 *         .breaker(BreakerPolicy.defaults())
 *         .attemptTimeout(Duration.ofSeconds(5))
 *         .build();
 * StepEngine engine = StepEngine.builder().with(resilience).build();
 * }</pre>
 *
 * <p>Bulkheads, limiters and breakers are one a key: by default the agents' kind. Waits and timeouts run on the engine's
 * time, so inside reactor-test's virtual time all of it is virtual. Build one for each engine: guards belong to the engine
 * whose step came first. Thread-safe.
 */
public final class Resilience implements StepInterceptor {

    /** How many keys have guards of their own. */
    public static final int MOST_KEYS = 1_000;

    /** The key that all others share. */
    public static final String OTHER_KEYS = "other";

    private final Function<? super StepContext, String> key;
    private final @Nullable RetryPolicy retry;
    private final @Nullable BulkheadPolicy bulkhead;
    private final @Nullable LimiterPolicy limiter;
    private final @Nullable BreakerPolicy breaker;
    private final @Nullable Duration attemptTimeout;
    private final @Nullable Fallback fallback;
    private final @Nullable Budget budget;
    private final @Nullable CircuitBreakerRegistry breakers;
    private final @Nullable BulkheadRegistry bulkheads;
    private final @Nullable RateLimiterRegistry limiters;
    private final ResilienceMeters meters;
    private final BreakerChanges changes = new BreakerChanges();
    private final Set<String> keys = ConcurrentHashMap.newKeySet();
    private final Map<String, Guards> guards = new ConcurrentHashMap<>();
    private final boolean guardsAttempts;

    private Resilience(Builder builder) {
        key = builder.key;
        retry = builder.retry;
        bulkhead = builder.bulkhead;
        limiter = builder.limiter;
        breaker = builder.breaker;
        attemptTimeout = builder.attemptTimeout;
        fallback = builder.fallback;
        budget = builder.budget;
        breakers = builder.breakers;
        bulkheads = builder.bulkheads;
        limiters = builder.limiters;
        meters = new ResilienceMeters(builder.meterRegistry);
        guardsAttempts = bulkhead != null
                || limiter != null
                || breaker != null
                || attemptTimeout != null
                || budget != null
                || breakers != null
                || bulkheads != null
                || limiters != null;
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
     * The changes of all breakers' states from now on.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: one change. A subscriber that is slow has up to 256 waiting; then its oldest are dropped.
     *   <li><b>onError, onComplete</b>: never.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: {@link reactor.core.scheduler.Schedulers#boundedElastic()}; a subscriber may block.
     * </ul>
     *
     * @return the changes
     */
    public Flux<BreakerChange> breakerChanges() {
        return changes.changes();
    }

    @Override
    public <I, O> Mono<O> step(StepCall<I, O> call, Mono<O> attempts) {
        RetryPolicy policy = retry;
        Fallback standIn = fallback;
        Mono<O> step = attempts;
        if (policy != null && policy.maxAttempts() > 1) {
            if (policy.hasBudget()) {
                roundRetries(call).steps.incrementAndGet();
            }
            step = step.onErrorResume(cause -> new Retrying<O>(this, policy, call).after(cause, attempts));
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
    public <I, O> Mono<O> attempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
        return guardsAttempts ? new GuardedAttempt<>(this, call, guardsOf(context, call.time()), attempt) : attempt;
    }

    // --- for attempts

    @Nullable Duration attemptTimeout() {
        return attemptTimeout;
    }

    ResilienceMeters meters() {
        return meters;
    }

    @Nullable BudgetUse budgetUse(StepCall<?, ?> call) {
        return budget == null ? null : budgetUse(budget, call);
    }

    private static BudgetUse budgetUse(Budget of, StepCall<?, ?> call) {
        return call.shared(of, () -> new BudgetUse(of, call.context().usage(), call.time()));
    }

    Retrying.RoundRetries roundRetries(StepCall<?, ?> call) {
        return call.shared(this, Retrying.RoundRetries::new);
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
        if (keys.size() >= MOST_KEYS) {
            return OTHER_KEYS;
        }
        synchronized (keys) {
            if (keys.size() < MOST_KEYS) {
                keys.add(wanted);
            }
        }
        return keys.contains(wanted) ? wanted : OTHER_KEYS;
    }

    private Guards guardsOf(StepContext context, EngineTime time) {
        String wanted = keyOf(context);
        Guards found = guards.get(wanted);
        return found != null ? found : guards.computeIfAbsent(bounded(wanted), of -> makeGuards(of, time));
    }

    private Guards makeGuards(String of, EngineTime time) {
        Guards made = new Guards(of, makeBulkhead(of), makeLimiter(of, time), makeBreaker(of, time), time);
        meters.watch(made);
        return made;
    }

    private @Nullable BulkheadGuard makeBulkhead(String of) {
        if (bulkhead == null && bulkheads == null) {
            return null;
        }
        BulkheadPolicy policy = bulkhead == null ? BulkheadPolicy.of(1) : bulkhead;
        Bulkhead machine = bulkheads != null
                ? bulkheads.bulkhead(of)
                : Bulkhead.of(
                        of,
                        BulkheadConfig.custom()
                                .maxConcurrentCalls(policy.maxConcurrent())
                                .maxWaitDuration(Duration.ZERO)
                                .build());
        return new BulkheadGuard(machine, policy.maxWaiting(), policy.maxWait());
    }

    private @Nullable LimiterGuard makeLimiter(String of, EngineTime time) {
        if (limiter == null && limiters == null) {
            return null;
        }
        LimiterPolicy policy = limiter == null ? LimiterPolicy.of(1, Duration.ofSeconds(1)) : limiter;
        RateLimiter machine = limiters != null
                ? limiters.rateLimiter(of)
                : RateLimiter.of(
                        of,
                        RateLimiterConfig.custom()
                                .limitForPeriod(policy.permits())
                                .limitRefreshPeriod(policy.period())
                                .timeoutDuration(Duration.ZERO)
                                .build(),
                        time::nanoTime);
        return new LimiterGuard(machine, policy.maxWaiting(), policy.maxWait());
    }

    private @Nullable BreakerGuard makeBreaker(String of, EngineTime time) {
        if (breaker == null && breakers == null) {
            return null;
        }
        BreakerPolicy policy = breaker == null ? BreakerPolicy.defaults() : breaker;
        CircuitBreaker machine =
                breakers != null ? breakers.circuitBreaker(of) : CircuitBreaker.of(of, config(policy, time));
        return new BreakerGuard(of, machine, time, policy, breakers == null, change -> {
            meters.changed(change);
            changes.publish(change);
        });
    }

    private static CircuitBreakerConfig config(BreakerPolicy policy, EngineTime time) {
        return CircuitBreakerConfig.custom()
                .failureRateThreshold(percent(policy.failureRate()))
                .slowCallRateThreshold(percent(policy.slowCallRate()))
                .slowCallDurationThreshold(policy.slowCall())
                .slidingWindow(
                        policy.windowSize(), policy.minimumCalls(), CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .waitDurationInOpenState(wholeMillis(policy.openFor()))
                .permittedNumberOfCallsInHalfOpenState(policy.halfOpenCalls())
                .ignoreException(cause -> isIgnored(policy, cause))
                .clock(new EngineClock(time, ZoneOffset.UTC))
                .build();
    }

    /** Never the zero that a tiny share would be rounded to. */
    private static float percent(double share) {
        return Math.max(Float.MIN_VALUE, (float) (share * 100));
    }

    /** Rounded up: the guard looks at the nanosecond, and must come before the breaker, which counts milliseconds. */
    private static Duration wholeMillis(Duration time) {
        return Duration.ofMillis(time.plusNanos(999_999).toMillis());
    }

    /** A predicate that throws must neither hide the failure nor keep what the attempt holds. */
    private static boolean isIgnored(BreakerPolicy policy, Throwable cause) {
        try {
            return policy.ignored().test(cause);
        } catch (Throwable thrown) {
            return false;
        }
    }

    /** The engine's time for Resilience4j, which only measures durations with it: not the clock, which may be set. */
    private static final class EngineClock extends Clock {

        private final EngineTime time;
        private final ZoneId zone;

        EngineClock(EngineTime time, ZoneId zone) {
            this.time = time;
            this.zone = zone;
        }

        @Override
        public ZoneId getZone() {
            return zone;
        }

        @Override
        public Clock withZone(ZoneId other) {
            return new EngineClock(time, other);
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, time.nanoTime());
        }
    }

    /** The configuration of a resilience. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private Function<? super StepContext, String> key =
                context -> context.agentId().kind();
        private @Nullable RetryPolicy retry;
        private @Nullable BulkheadPolicy bulkhead;
        private @Nullable LimiterPolicy limiter;
        private @Nullable BreakerPolicy breaker;
        private @Nullable Duration attemptTimeout;
        private @Nullable Fallback fallback;
        private @Nullable Budget budget;
        private @Nullable CircuitBreakerRegistry breakers;
        private @Nullable BulkheadRegistry bulkheads;
        private @Nullable RateLimiterRegistry limiters;
        private @Nullable MeterRegistry meterRegistry;

        private Builder() {}

        /**
         * What steps share a bulkhead, a limiter and a breaker by: a model's endpoint, a tool.
         *
         * @param key makes the key; not null; at most {@link #MOST_KEYS} values have guards of their own; default the
         *     agent's kind
         * @return this builder
         * @throws NullPointerException if {@code key} is null
         */
        public Builder keyedBy(Function<? super StepContext, String> key) {
            this.key = Objects.requireNonNull(key, "key");
            return this;
        }

        /**
         * Tries failed attempts again.
         *
         * @param retry when; default never
         * @return this builder
         * @throws NullPointerException if {@code retry} is null
         */
        public Builder retry(RetryPolicy retry) {
            this.retry = Objects.requireNonNull(retry, "retry");
            return this;
        }

        /**
         * Bounds the attempts at the same time.
         *
         * @param bulkhead how many; default no bound but the engine's concurrency
         * @return this builder
         * @throws NullPointerException if {@code bulkhead} is null
         */
        public Builder bulkhead(BulkheadPolicy bulkhead) {
            this.bulkhead = Objects.requireNonNull(bulkhead, "bulkhead");
            return this;
        }

        /**
         * Bounds the attempts in a period.
         *
         * @param limiter how many; default no bound
         * @return this builder
         * @throws NullPointerException if {@code limiter} is null
         */
        public Builder limiter(LimiterPolicy limiter) {
            this.limiter = Objects.requireNonNull(limiter, "limiter");
            return this;
        }

        /**
         * Stops asking what keeps failing.
         *
         * @param breaker when; default never
         * @return this builder
         * @throws NullPointerException if {@code breaker} is null
         */
        public Builder breaker(BreakerPolicy breaker) {
            this.breaker = Objects.requireNonNull(breaker, "breaker");
            return this;
        }

        /**
         * Bounds the time of one attempt, without its waits. An attempt that ends at once arms no timer.
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
         * Lets something stand in for a step that has failed.
         *
         * @param fallback what; default nothing
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
         * @param budget how much; default no bound
         * @return this builder
         * @throws NullPointerException if {@code budget} is null
         */
        public Builder budget(Budget budget) {
            this.budget = Objects.requireNonNull(budget, "budget");
            return this;
        }

        /**
         * Records meters, see {@link ResilienceMeter}.
         *
         * @param registry where to; default nowhere
         * @return this builder
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder meterRegistry(MeterRegistry registry) {
            this.meterRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Takes the state machines from registries of the user's own, by key, so that configuration and metrics they have
         * already apply. The one place where types of Resilience4j show. What a registry gives replaces what the policy says
         * of the same guard, but for how many wait, how long, and how long a trial may take. Their clock is theirs: virtual
         * time drives them only if they were made with it.
         *
         * @param breakers circuit breakers, or null for Flotilla's own
         * @param bulkheads bulkheads, or null for Flotilla's own; their waiting is not used, it blocks
         * @param limiters rate limiters, or null for Flotilla's own; their timeout is not used
         * @return this builder
         */
        public Builder registries(
                @Nullable CircuitBreakerRegistry breakers,
                @Nullable BulkheadRegistry bulkheads,
                @Nullable RateLimiterRegistry limiters) {
            this.breakers = breakers;
            this.bulkheads = bulkheads;
            this.limiters = limiters;
            return this;
        }

        /**
         * Makes the interceptor. The builder may be changed and used again.
         *
         * @return a resilience, for one engine
         */
        public Resilience build() {
            return new Resilience(this);
        }
    }
}
