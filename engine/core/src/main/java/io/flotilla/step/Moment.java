package io.flotilla.step;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A reading of the clock, and of the timer at the same time.
 *
 * @param nanos of the timer
 * @param instant of the clock
 */
record Moment(long nanos, Instant instant) {

    private static final long NANOS_A_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    /**
     * The moment at {@code nanos} of the timer. Without a clock of the user's it is the timer's, in milliseconds: it is read again
     * when one has passed since {@code last}, and steps of the same millisecond share the instant.
     */
    static Moment at(long nanos, @Nullable Moment last, EngineSettings settings, EngineSchedulers schedulers) {
        if (last != null && settings.clock == null) {
            long since = nanos - last.nanos;
            if (since >= 0 && since < NANOS_A_MILLI) {
                return last;
            }
        }
        return new Moment(nanos, settings.now(schedulers.timer()));
    }
}
