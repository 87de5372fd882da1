package io.flotilla.message;

import java.time.Duration;
import java.util.Objects;

/** The bounds of durations: those that fit into nanoseconds. */
final class Limits {

    private static final Duration MAX = Duration.ofNanos(Long.MAX_VALUE);

    private Limits() {}

    static Duration positive(String what, Duration duration) {
        if (Objects.requireNonNull(duration, what).isNegative() || duration.isZero() || duration.compareTo(MAX) > 0) {
            throw new IllegalArgumentException(what + " must be > 0 and at most 292 years, was " + duration);
        }
        return duration;
    }
}
