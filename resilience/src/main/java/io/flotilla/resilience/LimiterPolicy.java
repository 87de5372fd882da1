package io.flotilla.resilience;

import java.time.Duration;

/**
 * How many attempts with one key start in a period, how many wait for the next, and how long. Immutable.
 *
 * <p>Periods are fixed windows, as in Resilience4j's rate limiter: up to twice the permits may be used around the border
 * of two. Who waits holds no thread and no permit, and is let in first come, first served.
 *
 * @param permits how many start in a period; 1 or more
 * @param period how long a period is; more than zero
 * @param maxWaiting how many wait; 0 or more
 * @param maxWait how long one waits; zero or more
 */
public record LimiterPolicy(int permits, Duration period, int maxWaiting, Duration maxWait) {

    /**
     * Checks the bounds.
     *
     * @param permits how many start in a period
     * @param period how long a period is
     * @param maxWaiting how many wait
     * @param maxWait how long one waits
     * @throws IllegalArgumentException if a number or a duration is out of bounds
     */
    public LimiterPolicy {
        Check.atLeast(1, permits, "permits");
        Check.positive(period, "period");
        Check.atLeast(0, maxWaiting, "maxWaiting");
        Check.notNegative(maxWait, "maxWait");
    }

    /**
     * A limiter with 1,000 waiting for up to 10 s.
     *
     * @param permits how many start in a period; 1 or more
     * @param period how long a period is; more than zero
     * @return the policy
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public static LimiterPolicy of(int permits, Duration period) {
        return new LimiterPolicy(permits, period, 1_000, Duration.ofSeconds(10));
    }
}
