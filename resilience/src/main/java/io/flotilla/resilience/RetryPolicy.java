package io.flotilla.resilience;

import io.flotilla.step.SimulationThread;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.ratelimiter.RequestNotPermitted;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Whether and when a failed attempt is retried.
 *
 * <p>Delays grow exponentially with full jitter inside a cap: before attempt n + 1 a random time between 0 and {@code
 * min(maxBackoff, minBackoff * 2^(n-1))}, after Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
 * 2015. Immutable.
 *
 * @since 0.1
 */
public final class RetryPolicy {

    private static final int MAX_CAUSES = 16;

    private final int maxAttempts;
    private final Duration minBackoff;
    private final Duration maxBackoff;
    private final Duration maxHint;
    private final Predicate<? super Throwable> retryable;
    private final double budgetRatio;
    private final int budgetMinimum;
    private final DoubleSupplier jitter;

    private RetryPolicy(Builder builder) {
        maxAttempts = builder.maxAttempts;
        minBackoff = builder.minBackoff;
        maxBackoff = builder.maxBackoff;
        maxHint = builder.maxHint;
        retryable = builder.retryable;
        budgetRatio = builder.budgetRatio;
        budgetMinimum = builder.budgetMinimum;
        jitter = builder.jitter;
    }

    /**
     * Starts a policy.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A policy with all defaults except for the number of attempts.
     *
     * @param maxAttempts the most attempts of a step, the first included; 1 or more
     * @return the policy
     * @throws IllegalArgumentException if {@code maxAttempts} is below 1
     */
    public static RetryPolicy attempts(int maxAttempts) {
        return builder().maxAttempts(maxAttempts).build();
    }

    int maxAttempts() {
        return maxAttempts;
    }

    boolean hasBudget() {
        return budgetRatio >= 0;
    }

    /** How many retries a round may have had after so many steps. */
    long allowedRetries(long steps) {
        return Math.max(budgetMinimum, (long) (steps * budgetRatio));
    }

    boolean isRetryable(Throwable cause) {
        return retryable.test(cause);
    }

    /** How long to wait after so many attempts; null if the server wants a longer wait than is obeyed. */
    @Nullable Duration delayAfter(int attempts, Throwable cause) {
        Duration backoff = Duration.ofNanos((long) (ceilingNanos(attempts) * jitter.getAsDouble()));
        Duration hint = hintOf(cause);
        if (hint == null || hint.compareTo(backoff) <= 0) {
            return backoff;
        }
        return hint.compareTo(maxHint) <= 0 ? hint : null;
    }

    /** Clamped before it is multiplied: attempt 1,000 waits as long as the cap, not a negative time. */
    private long ceilingNanos(int attempts) {
        long first = minBackoff.toNanos();
        long cap = maxBackoff.toNanos();
        int doublings = attempts - 1;
        return doublings >= Long.numberOfLeadingZeros(Math.max(1, first))
                ? (first == 0 ? 0 : cap)
                : Math.min(cap, first << doublings);
    }

    private static @Nullable Duration hintOf(Throwable cause) {
        Throwable at = cause;
        for (int depth = 0; at != null && depth < MAX_CAUSES; depth++, at = at.getCause()) {
            Duration wanted = wantedBy(at);
            if (wanted != null) {
                return wanted;
            }
        }
        return null;
    }

    /** What a server says, or a guard where refusals are worth another attempt: coming back earlier would be in vain. */
    private static @Nullable Duration wantedBy(Throwable cause) {
        if (cause instanceof RetryHint hint) {
            return hint.retryAfter();
        }
        return cause instanceof StepRejectedException refused ? refused.retryAfter() : null;
    }

    /** The settings of a policy. Each checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private int maxAttempts = 3;
        private Duration minBackoff = Duration.ofMillis(100);
        private Duration maxBackoff = Duration.ofSeconds(10);
        private Duration maxHint = Duration.ofMinutes(1);
        private Predicate<? super Throwable> retryable = Builder::byDefault;
        private double budgetRatio = -1;
        private int budgetMinimum;
        private DoubleSupplier jitter = SimulationThread::nextDouble;

        private Builder() {}

        private static boolean byDefault(Throwable cause) {
            return !(cause instanceof StepRejectedException
                    || cause instanceof CallNotPermittedException // of operators further in
                    || cause instanceof BulkheadFullException
                    || cause instanceof RequestNotPermitted
                    || cause instanceof CancellationException
                    || cause instanceof Error);
        }

        /**
         * The most attempts of a step, the first included.
         *
         * @param maxAttempts 1 or more; default 3
         * @return this builder
         * @throws IllegalArgumentException if {@code maxAttempts} is below 1
         */
        public Builder maxAttempts(int maxAttempts) {
            this.maxAttempts = Check.atLeast(1, maxAttempts, "maxAttempts");
            return this;
        }

        /**
         * The longest wait before the second attempt; it doubles with each further one.
         *
         * @param minBackoff zero or more; default 100 ms
         * @return this builder
         * @throws IllegalArgumentException if it is negative or too long
         */
        public Builder minBackoff(Duration minBackoff) {
            this.minBackoff = Check.notNegative(minBackoff, "minBackoff");
            return this;
        }

        /**
         * The longest wait before any attempt, except for {@linkplain RetryHint hints}.
         *
         * @param maxBackoff zero or more; default 10 s
         * @return this builder
         * @throws IllegalArgumentException if it is negative or too long
         */
        public Builder maxBackoff(Duration maxBackoff) {
            this.maxBackoff = Check.notNegative(maxBackoff, "maxBackoff");
            return this;
        }

        /**
         * The longest wait that a {@link RetryHint}, or a guard's refusal if refusals are retried, may ask for. A step
         * whose hint is longer than this and longer than its backoff is not retried.
         *
         * @param maxHint zero or more; default 1 minute
         * @return this builder
         * @throws IllegalArgumentException if it is negative or too long
         */
        public Builder maxRetryAfter(Duration maxHint) {
            this.maxHint = Check.notNegative(maxHint, "maxHint");
            return this;
        }

        /**
         * The failures that are retried.
         *
         * @param retryable whether a failure is retried; default all but refusals of a guard, cancellations and {@link
         *     Error}s
         * @return this builder
         * @throws NullPointerException if {@code retryable} is null
         */
        public Builder retryOn(Predicate<? super Throwable> retryable) {
            this.retryable = Objects.requireNonNull(retryable, "retryable");
            return this;
        }

        /**
         * Bounds the extra attempts of a whole round or run, so that an overloaded server does not receive a multiple of
         * the load: the number of retries stays at or below {@code ratio} times the number of steps started so far.
         *
         * @param ratio extra attempts for each step, 0.2 for 20 %; 0 or more; default no such bound
         * @param atLeast the number of retries that are allowed in any case; 0 or more
         * @return this builder
         * @throws IllegalArgumentException if an argument is negative or not a number
         */
        public Builder retryBudget(double ratio, int atLeast) {
            if (!(ratio >= 0)) {
                throw new IllegalArgumentException("ratio must be >= 0, was " + ratio);
            }
            this.budgetMinimum = Check.atLeast(0, atLeast, "atLeast");
            this.budgetRatio = ratio;
            return this;
        }

        /**
         * The source of jitter, for reproducible tests.
         *
         * @param jitter numbers from 0 to 1; default random, and in a simulation the seed's
         * @return this builder
         * @throws NullPointerException if {@code jitter} is null
         */
        public Builder jitter(DoubleSupplier jitter) {
            this.jitter = Objects.requireNonNull(jitter, "jitter");
            return this;
        }

        /**
         * Creates the policy.
         *
         * @return a policy
         * @throws IllegalArgumentException if {@code minBackoff} is longer than {@code maxBackoff}
         */
        public RetryPolicy build() {
            if (minBackoff.compareTo(maxBackoff) > 0) {
                throw new IllegalArgumentException(
                        "minBackoff must be <= maxBackoff, was " + minBackoff + " and " + maxBackoff);
            }
            return new RetryPolicy(this);
        }
    }
}
