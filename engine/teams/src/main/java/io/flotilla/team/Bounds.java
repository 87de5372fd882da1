package io.flotilla.team;

import java.time.Duration;
import java.util.Objects;

/** Checks of arguments. */
final class Bounds {

    private static final Duration MAX_DURATION = Duration.ofNanos(Long.MAX_VALUE);
    private static final int MAX_NAME_LENGTH = 200;

    private Bounds() {}

    static int atLeast(int least, String what, int value) {
        if (value < least) {
            throw new IllegalArgumentException(what + " must be >= " + least + ", was " + value);
        }
        return value;
    }

    static Duration positive(String what, Duration value) {
        if (Objects.requireNonNull(value, what).isNegative() || value.isZero() || value.compareTo(MAX_DURATION) > 0) {
            throw new IllegalArgumentException(what + " must be > 0 and at most 292 years, was " + value);
        }
        return value;
    }

    static Duration notNegative(String what, Duration value) {
        return Objects.requireNonNull(value, what).isZero() ? value : positive(what, value);
    }

    static String name(String what, String value) {
        if (Objects.requireNonNull(value, what).isBlank() || value.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    what + " must have 1 to " + MAX_NAME_LENGTH + " characters and not be blank, was \""
                            + value.substring(0, Math.min(MAX_NAME_LENGTH, value.length())) + "\"");
        }
        return value;
    }
}
