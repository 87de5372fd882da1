package io.flotilla.topology;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The limits that are part of a topology. The topology only stores them; a run enforces them. Immutable.
 *
 * @param timeout what {@code timeout(seconds)} says, more than 0; null if not given
 * @param maxSteps what {@code max_steps(n)} says, 1 and more; null if not given
 * @param maxBranches what {@code max_branches(n)} says, 1 and more; null if not given
 * @param maxDepth what {@code max_depth(n)} says, 1 and more; null if not given
 * @since 0.1
 */
public record Rules(
        @Nullable Duration timeout,
        @Nullable Integer maxSteps,
        @Nullable Integer maxBranches,
        @Nullable Integer maxDepth) {

    /** No rule given. */
    public static final Rules NONE = new Rules(null, null, null, null);

    /**
     * Checks the bounds.
     *
     * @param timeout more than 0, or null
     * @param maxSteps 1 and more, or null
     * @param maxBranches 1 and more, or null
     * @param maxDepth 1 and more, or null
     * @throws IllegalArgumentException if a value is out of bounds
     */
    public Rules {
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException("timeout must be > 0, was " + timeout);
        }
        check("maxSteps", maxSteps);
        check("maxBranches", maxBranches);
        check("maxDepth", maxDepth);
    }

    private static void check(String name, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new IllegalArgumentException(name + " must be >= 1, was " + value);
        }
    }
}
