package io.flotilla.run;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Objects;

/** Checks of arguments, each with the value in its message. */
final class Bounds {

    private Bounds() {}

    static Duration positive(String name, Duration value) {
        if (Objects.requireNonNull(value, name).isZero() || value.isNegative()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
        return notTooLong(name, value);
    }

    static Duration notNegative(String name, Duration value) {
        if (Objects.requireNonNull(value, name).isNegative()) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + value);
        }
        return notTooLong(name, value);
    }

    private static Duration notTooLong(String name, Duration value) {
        try {
            var unused = value.toNanos();
        } catch (ArithmeticException tooLong) {
            throw new IllegalArgumentException(name + " must be <= 292 years, was " + value, tooLong);
        }
        return value;
    }

    static BigDecimal positive(String name, BigDecimal value) {
        if (Objects.requireNonNull(value, name).signum() <= 0) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
        return value;
    }

    static void notPrimitive(String name, Class<?> type) {
        if (Objects.requireNonNull(type, name).isPrimitive()) {
            throw new IllegalArgumentException(name + " must not be primitive, was " + type);
        }
    }

    static long atLeast(long least, String name, long value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be >= " + least + ", was " + value);
        }
        return value;
    }
}
