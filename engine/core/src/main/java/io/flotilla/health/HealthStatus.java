package io.flotilla.health;

/**
 * How well something is, the best first.
 *
 * @since 0.1
 */
public enum HealthStatus {
    /** It works. */
    UP,
    /** It works, but not as it should: slowly, in part, or close to a limit. It is still to be used. */
    DEGRADED,
    /** Nothing is known: it has not been checked yet, or not for too long, or is not checked any more. */
    UNKNOWN,
    /** It does not work. */
    DOWN;

    /**
     * Whether it is worse than another one.
     *
     * @param other what to compare with
     * @return true if this comes after {@code other} in the order of the constants
     * @throws NullPointerException if {@code other} is null
     */
    public boolean isWorseThan(HealthStatus other) {
        return compareTo(other) > 0;
    }

    /**
     * The worse of the two.
     *
     * @param other what to compare with
     * @return this or {@code other}
     * @throws NullPointerException if {@code other} is null
     */
    public HealthStatus worst(HealthStatus other) {
        return isWorseThan(other) ? this : other;
    }

    /**
     * Whether work may be sent there.
     *
     * @return true for {@link #UP} and {@link #DEGRADED}
     */
    public boolean isReady() {
        return this == UP || this == DEGRADED;
    }
}
