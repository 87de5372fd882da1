package io.flotilla.state;

import java.util.Objects;

/**
 * The name and the type of a value in a {@link SharedState}. Immutable.
 *
 * @param name 1 to {@value #MAX_LENGTH} characters, not blank, no control characters
 * @param type what the values are; not a primitive type
 * @param <T> the same
 * @since 0.1
 */
public record StateKey<T>(String name, Class<T> type) {

    /** The most characters of a name. */
    public static final int MAX_LENGTH = 200;

    /**
     * Checks both.
     *
     * @param name the name
     * @param type the type
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code name} is out of its bounds, or {@code type} is primitive
     */
    public StateKey {
        if (Objects.requireNonNull(name, "name").isBlank() || name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "name must not be blank and have at most " + MAX_LENGTH + " characters, had " + name.length());
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("name must not contain control characters");
        }
        if (Objects.requireNonNull(type, "type").isPrimitive()) {
            throw new IllegalArgumentException("type must not be primitive, was " + type);
        }
    }

    /**
     * A key.
     *
     * @param name the name
     * @param type what the values are
     * @param <T> the same
     * @return the key
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code name} is out of its bounds, or {@code type} is primitive
     */
    public static <T> StateKey<T> of(String name, Class<T> type) {
        return new StateKey<>(name, type);
    }
}
