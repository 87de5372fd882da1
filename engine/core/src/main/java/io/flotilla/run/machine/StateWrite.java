package io.flotilla.run.machine;

import io.flotilla.internal.Shown;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a step wants to write under one key of its run's state. Immutable, as far as the value is.
 *
 * @param key the key
 * @param kind what is to be done
 * @param expected the version that the step knows: that of its start, 0 if there was no value. If another step has written since, the
 *     write is a conflict. Of a merge, which has no conflicts, 0
 * @param value the new value, or what is to be merged; null for a removal
 * @since 0.1
 */
public record StateWrite(
        String key, Kind kind, long expected, @Nullable Object value) {

    /** What is to be done with a value. */
    public enum Kind {
        /** It takes the place of the one there is. */
        PUT,
        /** It is merged with the one there is. */
        MERGE,
        /** There is none any more. */
        REMOVE
    }

    /**
     * Checks the key, and that there is a value where one is needed.
     *
     * @param key the key
     * @param kind what is to be done
     * @param expected the version that the step knows
     * @param value the value
     * @throws NullPointerException if {@code key} or {@code kind} is null, or {@code value} where one is needed
     */
    public StateWrite {
        Objects.requireNonNull(key, "key");
        if (Objects.requireNonNull(kind, "kind") != Kind.REMOVE) {
            Objects.requireNonNull(value, "value");
        }
    }

    /**
     * A new value.
     *
     * @param key the key
     * @param expected the version that the step knows
     * @param value the value
     * @return the write
     */
    public static StateWrite put(String key, long expected, Object value) {
        return new StateWrite(key, Kind.PUT, expected, value);
    }

    /**
     * A removal.
     *
     * @param key the key
     * @param expected the version that the step knows
     * @return the write
     */
    public static StateWrite remove(String key, long expected) {
        return new StateWrite(key, Kind.REMOVE, expected, null);
    }

    /**
     * A value to be merged.
     *
     * @param key the key
     * @param value what is merged with the value there is; the value itself if there is none
     * @return the write
     */
    public static StateWrite merge(String key, Object value) {
        return new StateWrite(key, Kind.MERGE, 0, value);
    }

    /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
    @Override
    public String toString() {
        return "StateWrite[" + kind + " " + key + (kind == Kind.REMOVE ? "" : "=" + Shown.of(value))
                + (kind == Kind.MERGE ? "" : " expected=" + expected) + "]";
    }
}
