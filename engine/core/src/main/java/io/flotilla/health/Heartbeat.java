package io.flotilla.health;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Something that has to happen again and again: a poll that returns, a batch that is written. {@link #beat()} belongs where the
 * work is done. Called by a timer beside the work it says nothing: the timer ticks on when the work is stuck.
 *
 * <p>For work that comes when it comes, and may be absent for hours, see {@link Progress}.
 *
 * <p>Thread-safe; a beat is one volatile write.
 *
 * @since 0.1
 */
public final class Heartbeat {

    private final Duration within;
    private volatile long lastNanos = HealthTime.nanos();
    private volatile long beats;

    private Heartbeat(Duration within) {
        this.within = within;
    }

    /**
     * A heart that is given some time for its first beat.
     *
     * @param within how much time there may be between two beats, and before the first one; more than zero, at most 292 years
     * @return the heartbeat
     * @throws NullPointerException if {@code within} is null
     * @throws IllegalArgumentException if {@code within} is outside its bounds
     */
    public static Heartbeat within(Duration within) {
        return new Heartbeat(HealthCheck.positive("within", within));
    }

    /** It has happened once more. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // a count that is shown; beats of two threads may be one
    public void beat() {
        lastNanos = HealthTime.nanos();
        beats++;
    }

    /**
     * A check that is {@link HealthStatus#DOWN} when the last beat is too long ago.
     *
     * @param name see {@link HealthCheck#of}
     * @return a critical check
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public HealthCheck check(String name) {
        return HealthCheck.of(name, this::health);
    }

    private Health health() {
        long silent = HealthTime.nanos() - lastNanos;
        Health health = silent <= within.toNanos()
                ? Health.up()
                : Health.down("no beat for " + TimeUnit.NANOSECONDS.toMillis(silent) + " ms, " + within.toMillis()
                        + " ms are allowed");
        return health.with("beats", beats);
    }
}
