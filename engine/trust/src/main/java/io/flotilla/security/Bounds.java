package io.flotilla.security;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** The bounds of durations and instants: sums of them fit into the nanoseconds of a long. */
final class Bounds {

    private static final Duration MAX = Duration.ofDays(10_000);

    private Bounds() {}

    static Duration notNegative(String what, Duration duration) {
        if (Objects.requireNonNull(duration, what).isNegative() || duration.compareTo(MAX) > 0) {
            throw new IllegalArgumentException(what + " must be >= 0 and at most 10000 days, was " + duration);
        }
        return duration;
    }

    static Duration positive(String what, Duration duration) {
        if (notNegative(what, duration).isZero()) {
            throw new IllegalArgumentException(what + " must be > 0, was " + duration);
        }
        return duration;
    }

    static int between(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " must be between " + least + " and " + most + ", was " + value);
        }
        return value;
    }

    /** Nanoseconds since 1970. */
    static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }

    static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }
}
