package io.flotilla.resilience;

import java.time.Duration;

/**
 * The most attempts with one key that start in a period, the most queued attempts, and how long they wait. Immutable.
 *
 * <p>There are two forms with different guarantees:
 *
 * <ul>
 *   <li><b>Fixed periods</b> ({@link #of}), as in Resilience4j's rate limiter. Every period has {@code permits} permits;
 *       unused permits are lost. In each period at most {@code permits} attempts start. A window of the same length
 *       across the border of two periods may have up to twice as many: the last of one period and the first of the next.
 *   <li><b>A token bucket</b> ({@link #tokenBucket}), which has no borders. Attempts are spread evenly, {@code interval =
 *       period / permits} apart, rounded up to a nanosecond; only after a pause do up to {@code burst} start at once. In
 *       any window of one period, wherever it begins, at most {@code permits + burst - 1} attempts start: with a burst of
 *       1 never more than {@code permits}. It is the Generic Cell Rate Algorithm of ITU-T Recommendation I.371: an attempt
 *       at time {@code t} starts if {@code t >= tat - (burst - 1) * interval}, and then {@code tat = max(t, tat) +
 *       interval}.
 * </ul>
 *
 * <p>A queued attempt holds no thread and no permit. The queue is first in, first out.
 *
 * @param permits the attempts that may start in a period; 1 or more
 * @param period the length of a period; more than zero
 * @param maxQueued the most queued attempts; 0 or more
 * @param queueTimeout the longest wait of an attempt; zero or more
 * @param burst 0 for fixed periods; else the size of the token bucket: how many may start at once after a pause; such that
 *     {@code burst * period / permits} is at most 146 years
 * @since 0.1
 */
public record RateLimiterPolicy(int permits, Duration period, int maxQueued, Duration queueTimeout, int burst) {

    /**
     * Checks the bounds.
     *
     * @param permits the attempts that may start in a period
     * @param period the length of a period
     * @param maxQueued the most queued attempts
     * @param queueTimeout the longest wait of an attempt
     * @param burst 0, or the size of the token bucket
     * @throws IllegalArgumentException if a number or a duration is out of bounds
     */
    public RateLimiterPolicy {
        Check.atLeast(1, permits, "permits");
        Check.positive(period, "period");
        Check.atLeast(0, maxQueued, "maxQueued");
        Check.notNegative(queueTimeout, "queueTimeout");
        Check.atLeast(0, burst, "burst");
        if (burst > Long.MAX_VALUE / 2 / interval(permits, period)) {
            throw new IllegalArgumentException(
                    "burst * period / permits must be <= 146 years, was " + burst + " * " + period + " / " + permits);
        }
    }

    /**
     * Fixed periods.
     *
     * @param permits the attempts that may start in a period; 1 or more
     * @param period the length of a period; more than zero
     * @param maxQueued the most queued attempts; 0 or more
     * @param queueTimeout the longest wait of an attempt; zero or more
     * @throws IllegalArgumentException if a number or a duration is out of bounds
     */
    public RateLimiterPolicy(int permits, Duration period, int maxQueued, Duration queueTimeout) {
        this(permits, period, maxQueued, queueTimeout, 0);
    }

    /**
     * Fixed periods, with up to 1,000 attempts queued for up to 10 s.
     *
     * @param permits the attempts that may start in a period; 1 or more
     * @param period the length of a period; more than zero
     * @return the policy
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public static RateLimiterPolicy of(int permits, Duration period) {
        return new RateLimiterPolicy(permits, period, 1_000, Duration.ofSeconds(10));
    }

    /**
     * A token bucket, with up to 1,000 attempts queued for up to 10 s.
     *
     * @param permits the attempts that start in a period on average; 1 or more
     * @param period the length of a period; more than zero
     * @param burst how many may start at once after a pause; 1 or more; 1 spreads all attempts evenly
     * @return the policy
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public static RateLimiterPolicy tokenBucket(int permits, Duration period, int burst) {
        return new RateLimiterPolicy(permits, period, 1_000, Duration.ofSeconds(10), Check.atLeast(1, burst, "burst"));
    }

    /** The time between two attempts of a token bucket: rounded up, so that there are never more than promised. */
    long intervalNanos() {
        return interval(permits, period);
    }

    private static long interval(int permits, Duration period) {
        return (period.toNanos() - 1) / permits + 1;
    }
}
