package io.flotilla.resilience;

import java.time.Duration;

/** Bounds of settings; messages give the value. */
final class Check {

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private Check() {}

    static int atLeast(int bound, int value, String name) {
        if (value < bound) {
            throw new IllegalArgumentException(name + " must be >= " + bound + ", was " + value);
        }
        return value;
    }

    static int within(int least, int most, int value, String name) {
        if (value > most) {
            throw new IllegalArgumentException(name + " must be <= " + most + ", was " + value);
        }
        return atLeast(least, value, name);
    }

    static long atLeast(long bound, long value, String name) {
        if (value < bound) {
            throw new IllegalArgumentException(name + " must be >= " + bound + ", was " + value);
        }
        return value;
    }

    static double ratio(double value, String name) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be in 0..1, was " + value);
        }
        return value;
    }

    static Duration positive(Duration value, String name) {
        if (value.isZero()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
        return notNegative(value, name);
    }

    static Duration notNegative(Duration value, String name) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + value);
        }
        if (value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be <= 292 years, was " + value);
        }
        return value;
    }
}
