package io.flotilla.run;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which recorded runs are deleted, see {@link Runs#retention}. Only runs that have ended ever are. Start with {@link #keepAll()};
 * each method returns a new policy. Immutable and thread-safe.
 *
 * <pre>{@code RetentionPolicy.keepAll().maxAge(Duration.ofDays(30)).maxRuns(100_000)}</pre>
 *
 * @since 0.1
 */
public final class RetentionPolicy {

    /** The default of {@link #every}: 1 hour. */
    public static final Duration DEFAULT_EVERY = Duration.ofHours(1);

    /** How a run has ended that may be deleted. */
    static final Set<RunInfo.Status> ENDED =
            Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(RunInfo.Status.UNFINISHED)));

    private static final RetentionPolicy KEEP_ALL = new RetentionPolicy(null, Long.MAX_VALUE, ENDED, DEFAULT_EVERY);

    private final @Nullable Duration maxAge;
    private final long maxRuns;
    private final Set<RunInfo.Status> statuses;
    private final Duration every;

    private RetentionPolicy(@Nullable Duration maxAge, long maxRuns, Set<RunInfo.Status> statuses, Duration every) {
        this.maxAge = maxAge;
        this.maxRuns = maxRuns;
        this.statuses = statuses;
        this.every = every;
    }

    /**
     * Deletes nothing.
     *
     * @return a policy that keeps all runs
     */
    public static RetentionPolicy keepAll() {
        return KEEP_ALL;
    }

    /**
     * Deletes runs that have ended longer ago.
     *
     * @param age more than zero, at most 292 years; by default runs of any age are kept
     * @return the new policy
     * @throws NullPointerException if {@code age} is null
     * @throws IllegalArgumentException if {@code age} is out of its bounds
     */
    public RetentionPolicy maxAge(Duration age) {
        return new RetentionPolicy(Bounds.positive("maxAge", age), maxRuns, statuses, every);
    }

    /**
     * Deletes the runs that ended first, when more have ended. Nested runs do not count.
     *
     * @param runs how many are kept; 0 or more; by default any number
     * @return the new policy
     * @throws IllegalArgumentException if {@code runs} is negative
     */
    public RetentionPolicy maxRuns(long runs) {
        return new RetentionPolicy(maxAge, Bounds.atLeast(0, "maxRuns", runs), statuses, every);
    }

    /**
     * Looks at runs only that have ended in one of these ways; all others are kept, and do not count. A nested run goes with the run
     * it is nested in.
     *
     * @param one a status
     * @param others further ones; by default all but {@link RunInfo.Status#UNFINISHED}
     * @return the new policy
     * @throws NullPointerException if a status is null
     * @throws IllegalArgumentException if one is {@link RunInfo.Status#UNFINISHED}: no such run is ever deleted
     */
    public RetentionPolicy status(RunInfo.Status one, RunInfo.Status... others) {
        EnumSet<RunInfo.Status> some = EnumSet.of(one, others);
        if (some.contains(RunInfo.Status.UNFINISHED)) {
            throw new IllegalArgumentException("a run that has not ended is never deleted");
        }
        return new RetentionPolicy(maxAge, maxRuns, some, every);
    }

    /**
     * How long to wait between one sweep and the next.
     *
     * @param pause more than zero, at most 292 years; default 1 hour
     * @return the new policy
     * @throws NullPointerException if {@code pause} is null
     * @throws IllegalArgumentException if {@code pause} is out of its bounds
     */
    public RetentionPolicy every(Duration pause) {
        return new RetentionPolicy(maxAge, maxRuns, statuses, Bounds.positive("every", pause));
    }

    @Nullable Duration maxAge() {
        return maxAge;
    }

    long maxRuns() {
        return maxRuns;
    }

    Set<RunInfo.Status> statuses() {
        return statuses;
    }

    Duration every() {
        return every;
    }

    /** What is set. */
    @Override
    public String toString() {
        return "RetentionPolicy[maxAge=" + maxAge + ", maxRuns=" + maxRuns + ", statuses=" + statuses + ", every="
                + every + "]";
    }
}
