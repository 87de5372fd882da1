package io.flotilla.run;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A signal that a branch waits for. The other branches continue. Immutable, as far as the default is.
 *
 * <p>A signal comes from outside, by {@link Run#signal}, and is known by its name alone: nothing declares names. One that
 * came before a branch waits for it is kept, the oldest of its name is taken first, and each is taken by one branch. Where
 * several branches wait for the same name, the first of them in lineage order has it, whoever waits for longest.
 *
 * <pre>{@code
 * Decision.await(Await.of("paid").timeout(Duration.ofDays(3)).defaultValue("never"), order)
 * }</pre>
 *
 * @since 0.1
 */
public final class Await {

    /** The most characters of a signal's name. */
    public static final int MAX_NAME_LENGTH = 256;

    private final String name;
    private final @Nullable Duration timeout;
    private final boolean hasDefault;
    private final @Nullable Object defaultValue;

    private Await(String name, @Nullable Duration timeout, boolean hasDefault, @Nullable Object defaultValue) {
        this.name = name;
        this.timeout = timeout;
        this.hasDefault = hasDefault;
        this.defaultValue = defaultValue;
    }

    /**
     * Waits for a signal until it comes, or the run ends.
     *
     * @param name the name of the signal: 1 to {@value #MAX_NAME_LENGTH} characters, not blank, no control characters. It
     *     stands in journals and events as it is: no place for a secret
     * @return what to wait for
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if it is not a name
     */
    public static Await of(String name) {
        return new Await(checked(name), null, false, null);
    }

    /** The name of a signal; throws if it is none. */
    static String checked(String name) {
        Objects.requireNonNull(name, "name");
        if (name.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    "the name of a signal must have <= " + MAX_NAME_LENGTH + " characters, had " + name.length());
        }
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a signal must not be blank");
        }
        for (int at = 0; at < name.length(); at++) {
            if (Character.isISOControl(name.charAt(at))) {
                throw new IllegalArgumentException("the name of a signal must have no control characters, has U+"
                        + String.format("%04X", (int) name.charAt(at)) + " at " + at);
            }
        }
        return name;
    }

    /**
     * The same with a deadline. If the signal has not come by then, the default is its value; without a default the branch
     * fails with {@link SignalTimeoutException}.
     *
     * @param timeout how long to wait; more than zero
     * @return what to wait for, with that deadline
     * @throws NullPointerException if {@code timeout} is null
     * @throws IllegalArgumentException if {@code timeout} is not more than zero, or more than 292 years
     */
    public Await timeout(Duration timeout) {
        return new Await(name, Bounds.positive("timeout", timeout), hasDefault, defaultValue);
    }

    /**
     * The same with a value for when the signal does not come in time. Without {@link #timeout} it is never used.
     *
     * @param value the value; may be null
     * @return what to wait for, with that default
     */
    public Await defaultValue(@Nullable Object value) {
        return new Await(name, timeout, true, value);
    }

    /**
     * The name of the signal.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * How long to wait.
     *
     * @return the time, or null for as long as the run lives
     */
    public @Nullable Duration timeout() {
        return timeout;
    }

    /**
     * Whether there is a value for when the signal does not come.
     *
     * @return true after {@link #defaultValue(Object)}
     */
    public boolean hasDefault() {
        return hasDefault;
    }

    /**
     * The value for when the signal does not come.
     *
     * @return what {@link #defaultValue(Object)} was given; null without a default, or if the default is null
     */
    public @Nullable Object defaultValue() {
        return defaultValue;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Await that
                && name.equals(that.name)
                && Objects.equals(timeout, that.timeout)
                && hasDefault == that.hasDefault
                && Objects.equals(defaultValue, that.defaultValue);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, timeout, hasDefault, defaultValue);
    }

    /** The name, and the deadline if there is one. */
    @Override
    public String toString() {
        return timeout == null ? name : name + " (within " + timeout + ")";
    }
}
