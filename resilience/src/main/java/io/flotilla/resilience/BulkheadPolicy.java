package io.flotilla.resilience;

import java.time.Duration;

/**
 * How many attempts with one key run at the same time, how many wait for a place, and how long. Immutable.
 *
 * <p>Who waits holds no thread, and is let in first come, first served.
 *
 * @param maxConcurrent how many run at the same time; 1 or more
 * @param maxQueued how many wait; 0 or more
 * @param queueTimeout how long one waits; zero or more
 * @since 0.1
 */
public record BulkheadPolicy(int maxConcurrent, int maxQueued, Duration queueTimeout) {

    /**
     * Checks the bounds.
     *
     * @param maxConcurrent how many run at the same time
     * @param maxQueued how many wait
     * @param queueTimeout how long one waits
     * @throws IllegalArgumentException if a number or the wait is out of bounds
     */
    public BulkheadPolicy {
        Check.atLeast(1, maxConcurrent, "maxConcurrent");
        Check.atLeast(0, maxQueued, "maxQueued");
        Check.notNegative(queueTimeout, "queueTimeout");
    }

    /**
     * A bulkhead with 1,000 waiting for up to 10 s.
     *
     * @param maxConcurrent how many run at the same time; 1 or more
     * @return the policy
     * @throws IllegalArgumentException if {@code maxConcurrent} is below 1
     */
    public static BulkheadPolicy of(int maxConcurrent) {
        return new BulkheadPolicy(maxConcurrent, 1_000, Duration.ofSeconds(10));
    }
}
