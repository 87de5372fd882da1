package io.flotilla.resilience;

import io.flotilla.agent.Usage;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Limits for all steps of a round or run together: tokens, cost, steps, time.
 *
 * <p>Agents record what they use in {@link io.flotilla.agent.StepContext#usage()}. Before an attempt starts, the most
 * that it will use is reserved, so that concurrent attempts do not all see the same remainder; when it has ended, its
 * actual use counts. An attempt for which too little is left is {@link io.flotilla.step.StepResult.Rejected} by the guard
 * {@code budget}, naming the limit and its use. Immutable.
 *
 * @since 0.1
 */
public final class Budget {

    private final long tokens;
    private final @Nullable BigDecimal cost;
    private final long steps;
    private final @Nullable Duration time;
    private final Usage reservation;

    private Budget(Builder builder) {
        tokens = builder.tokens;
        cost = builder.cost;
        steps = builder.steps;
        time = builder.time;
        reservation = builder.reservation;
    }

    /**
     * Starts a budget.
     *
     * @return a builder without any limit
     */
    public static Builder builder() {
        return new Builder();
    }

    long tokens() {
        return tokens;
    }

    @Nullable BigDecimal cost() {
        return cost;
    }

    long steps() {
        return steps;
    }

    @Nullable Duration time() {
        return time;
    }

    Usage reservation() {
        return reservation;
    }

    /** The limits of a budget. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private long tokens = Long.MAX_VALUE;
        private @Nullable BigDecimal cost;
        private long steps = Long.MAX_VALUE;
        private @Nullable Duration time;
        private Usage reservation = Usage.NONE;

        private Builder() {}

        /**
         * The most tokens, sent and received.
         *
         * @param tokens 1 or more; default no limit
         * @return this builder
         * @throws IllegalArgumentException if {@code tokens} is below 1
         */
        public Builder tokens(long tokens) {
            this.tokens = Check.atLeast(1L, tokens, "tokens");
            return this;
        }

        /**
         * The most cost, in the currency that agents record.
         *
         * @param cost more than 0; default no limit
         * @return this builder
         * @throws IllegalArgumentException if {@code cost} is 0 or negative
         */
        public Builder cost(BigDecimal cost) {
            if (cost.signum() <= 0) {
                throw new IllegalArgumentException("cost must be > 0, was " + cost);
            }
            this.cost = cost;
            return this;
        }

        /**
         * The most steps; all attempts of a step count once.
         *
         * @param steps 1 or more; default no limit
         * @return this builder
         * @throws IllegalArgumentException if {@code steps} is below 1
         */
        public Builder steps(long steps) {
            this.steps = Check.atLeast(1L, steps, "steps");
            return this;
        }

        /**
         * How long attempts may start, from the first step on.
         *
         * @param time more than zero; default no limit
         * @return this builder
         * @throws IllegalArgumentException if {@code time} is out of bounds
         */
        public Builder time(Duration time) {
            this.time = Check.positive(time, "time");
            return this;
        }

        /**
         * The most that one attempt uses.
         *
         * @param reservation tokens and cost; default none, so concurrent attempts may exceed a limit by what they use
         * @return this builder
         * @throws NullPointerException if {@code reservation} is null
         */
        public Builder reservePerAttempt(Usage reservation) {
            this.reservation = Objects.requireNonNull(reservation, "reservation");
            return this;
        }

        /**
         * Creates the budget.
         *
         * @return a budget
         */
        public Budget build() {
            return new Budget(this);
        }
    }
}
