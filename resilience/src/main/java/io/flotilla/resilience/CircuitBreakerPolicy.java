package io.flotilla.resilience;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * The conditions under which a circuit breaker opens and closes.
 *
 * <p>It evaluates the last {@code windowSize} attempts with its key. Failures and timeouts of attempts count; attempts
 * that other guards refuse, and cancelled attempts, do not. Immutable.
 *
 * @since 0.1
 */
public final class CircuitBreakerPolicy {

    /** The largest window, and the most attempts on trial: memory for all of them is taken at once, for every key. */
    public static final int MAX_WINDOW_SIZE = 100_000;

    private final double failureRate;
    private final double slowCallRate;
    private final Duration slowCall;
    private final int windowSize;
    private final int minimumCalls;
    private final Duration openDuration;
    private final int halfOpenCalls;
    private final Duration maxHalfOpenDuration;
    private final Predicate<? super Throwable> ignored;

    private CircuitBreakerPolicy(Builder builder) {
        failureRate = builder.failureRate;
        slowCallRate = builder.slowCallRate;
        slowCall = builder.slowCall;
        windowSize = builder.windowSize;
        minimumCalls = builder.minimumCalls;
        openDuration = builder.openDuration;
        halfOpenCalls = builder.halfOpenCalls;
        maxHalfOpenDuration = builder.maxHalfOpenDuration;
        ignored = builder.ignored;
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
     * A policy with all defaults.
     *
     * @return the policy
     */
    public static CircuitBreakerPolicy defaults() {
        return builder().build();
    }

    double failureRate() {
        return failureRate;
    }

    double slowCallRate() {
        return slowCallRate;
    }

    Duration slowCall() {
        return slowCall;
    }

    int windowSize() {
        return windowSize;
    }

    int minimumCalls() {
        return minimumCalls;
    }

    Duration openDuration() {
        return openDuration;
    }

    int halfOpenCalls() {
        return halfOpenCalls;
    }

    Duration maxHalfOpenDuration() {
        return maxHalfOpenDuration;
    }

    Predicate<? super Throwable> ignored() {
        return ignored;
    }

    /** The settings of a policy. Each checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private double failureRate = 0.5;
        private double slowCallRate = 1;
        private Duration slowCall = Duration.ofSeconds(60);
        private int windowSize = 100;
        private int minimumCalls = 20;
        private Duration openDuration = Duration.ofSeconds(30);
        private int halfOpenCalls = 5;
        private Duration maxHalfOpenDuration = Duration.ofSeconds(60);
        private Predicate<? super Throwable> ignored = cause -> false;

        private Builder() {}

        /**
         * The share of failed attempts at which the circuit breaker opens.
         *
         * @param failureRate more than 0, at most 1; default 0.5
         * @return this builder
         * @throws IllegalArgumentException if it is out of bounds
         */
        public Builder failureRate(double failureRate) {
            this.failureRate = rate(failureRate, "failureRate");
            return this;
        }

        /**
         * The share of slow attempts at which the circuit breaker opens.
         *
         * @param slowCallRate more than 0, at most 1; default 1
         * @param slowCall an attempt that takes longer is slow; more than zero; default 60 s. Waiting for a bulkhead or a
         *     rate limiter does not count
         * @return this builder
         * @throws IllegalArgumentException if an argument is out of bounds
         */
        public Builder slowCalls(double slowCallRate, Duration slowCall) {
            this.slowCallRate = rate(slowCallRate, "slowCallRate");
            this.slowCall = Check.positive(slowCall, "slowCall");
            return this;
        }

        private static double rate(double value, String name) {
            if (!(value > 0 && value <= 1)) {
                throw new IllegalArgumentException(name + " must be in (0, 1], was " + value);
            }
            return value;
        }

        /**
         * The number of attempts over which the rates are taken, and the least number before they are evaluated.
         *
         * @param windowSize the size of the window; 1 to {@value #MAX_WINDOW_SIZE}; default 100
         * @param minimumCalls 1 to {@code windowSize}; default 20
         * @return this builder
         * @throws IllegalArgumentException if an argument is out of bounds
         */
        public Builder slidingWindow(int windowSize, int minimumCalls) {
            Check.within(1, MAX_WINDOW_SIZE, windowSize, "windowSize");
            Check.atLeast(1, minimumCalls, "minimumCalls");
            if (minimumCalls > windowSize) {
                throw new IllegalArgumentException(
                        "minimumCalls must be <= windowSize, was " + minimumCalls + " and " + windowSize);
            }
            this.windowSize = windowSize;
            this.minimumCalls = minimumCalls;
            return this;
        }

        /**
         * How long an open circuit breaker refuses all attempts before it becomes half-open.
         *
         * @param openDuration more than zero; default 30 s
         * @return this builder
         * @throws IllegalArgumentException if it is out of bounds
         */
        public Builder openDuration(Duration openDuration) {
            this.openDuration = Check.positive(openDuration, "openDuration");
            return this;
        }

        /**
         * The half-open state.
         *
         * @param halfOpenCalls the number of attempts that are admitted and decide; 1 to {@value #MAX_WINDOW_SIZE};
         *     default 5
         * @param maxHalfOpenDuration the circuit breaker opens again if they have not decided by then; more than zero;
         *     default 60 s
         * @return this builder
         * @throws IllegalArgumentException if an argument is out of bounds
         */
        public Builder halfOpenCalls(int halfOpenCalls, Duration maxHalfOpenDuration) {
            this.halfOpenCalls = Check.within(1, MAX_WINDOW_SIZE, halfOpenCalls, "halfOpenCalls");
            this.maxHalfOpenDuration = Check.positive(maxHalfOpenDuration, "maxHalfOpenDuration");
            return this;
        }

        /**
         * Failures that do not concern the health of the remote, such as a bad request. They count neither as failure nor
         * as success.
         *
         * @param ignored whether a failure is ignored; default none; if it throws, the failure counts
         * @return this builder
         * @throws NullPointerException if {@code ignored} is null
         */
        public Builder ignoreErrors(Predicate<? super Throwable> ignored) {
            this.ignored = Objects.requireNonNull(ignored, "ignored");
            return this;
        }

        /**
         * Creates the policy.
         *
         * @return a policy
         */
        public CircuitBreakerPolicy build() {
            return new CircuitBreakerPolicy(this);
        }
    }
}
