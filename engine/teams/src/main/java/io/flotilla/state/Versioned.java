package io.flotilla.state;

import org.jspecify.annotations.Nullable;

/**
 * A value and its version. Versions are those of the whole state: each write or transaction takes the next one, so of two
 * values the one with the higher version was written later, under whatever keys. Immutable, as far as the value is.
 *
 * @param value the value; null if there is none: it was never written, or has been removed
 * @param version the version of the last write; 0 if it was never written
 * @param <T> the type of the value
 * @since 0.1
 */
public record Versioned<T>(@Nullable T value, long version) {

    /**
     * Whether there is a value.
     *
     * @return false if it was never written, or has been removed
     */
    public boolean isPresent() {
        return value != null;
    }
}
