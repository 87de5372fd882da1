package io.flotilla.resilience;

import java.time.Duration;

/**
 * The most concurrent attempts with one key, the most queued attempts, and how long they wait. Immutable.
 *
 * <p>A queued attempt holds no thread. The queue is first in, first out.
 *
 * @param maxConcurrent the most concurrent attempts; 1 or more
 * @param maxQueued the most queued attempts; 0 or more
 * @param queueTimeout the longest wait of an attempt; zero or more
 * @since 0.1
 */
public record BulkheadPolicy(int maxConcurrent, int maxQueued, Duration queueTimeout) {

    /**
     * Checks the bounds.
     *
     * @param maxConcurrent the most concurrent attempts
     * @param maxQueued the most queued attempts
     * @param queueTimeout the longest wait of an attempt
     * @throws IllegalArgumentException if a number or the wait is out of bounds
     */
    public BulkheadPolicy {
        Check.atLeast(1, maxConcurrent, "maxConcurrent");
        Check.atLeast(0, maxQueued, "maxQueued");
        Check.notNegative(queueTimeout, "queueTimeout");
    }

    /**
     * A bulkhead that queues up to 1,000 attempts for up to 10 s.
     *
     * @param maxConcurrent the most concurrent attempts; 1 or more
     * @return the policy
     * @throws IllegalArgumentException if {@code maxConcurrent} is below 1
     */
    public static BulkheadPolicy of(int maxConcurrent) {
        return new BulkheadPolicy(maxConcurrent, 1_000, Duration.ofSeconds(10));
    }
}
