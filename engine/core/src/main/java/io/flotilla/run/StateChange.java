package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.internal.Shown;
import java.lang.reflect.Array;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a step has written under one key of its run's state, see {@link RunEvent.StateWritten}. Immutable, as far as the value is.
 *
 * @param key the key
 * @param version the version of the write, the same for all that one step has written
 * @param value what is there now, after a merge what came of it; redacted as {@link io.flotilla.agent.StepContext#emit emitted}
 *     values are; null if it was removed. In place of texts, lists, maps and arrays with more than {@value #MAX_SHOWN} characters and
 *     elements in all stands {@value #TOO_LARGE}: events are kept
 * @since 0.1
 */
public record StateChange(
        String key, long version, @Nullable Object value) {

    /** The most characters and elements of a value. */
    public static final int MAX_SHOWN = 16_384;

    /** In place of a value that has more, or cannot be read. */
    public static final String TOO_LARGE = "(too large to show)";

    private static final int MAX_DEPTH = 32;

    /**
     * Checks the key and the size of the value.
     *
     * @param key the key
     * @param version the version of the write
     * @param value what is there now
     * @throws NullPointerException if {@code key} is null
     */
    public StateChange {
        Objects.requireNonNull(key, "key");
        value = isShown(value) ? value : TOO_LARGE;
    }

    private static boolean isShown(@Nullable Object value) {
        try {
            return left(value, MAX_SHOWN, 0) >= 0;
        } catch (Throwable broken) { // a collection of the user's that throws
            return false;
        }
    }

    /** What is left of a size behind a value; negative if it does not suffice. */
    private static int left(@Nullable Object value, int size, int depth) {
        if (value instanceof String text) {
            return size - text.length();
        }
        if (depth > MAX_DEPTH) {
            return -1;
        }
        int left = size - 1;
        if (value instanceof Collection<?> collection) {
            for (Iterator<?> items = collection.iterator(); left >= 0 && items.hasNext(); ) {
                left = left(items.next(), left, depth + 1);
            }
        } else if (value instanceof Map<?, ?> map) {
            for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
                    left >= 0 && entries.hasNext(); ) {
                Map.Entry<?, ?> entry = entries.next();
                left = left(entry.getValue(), left(entry.getKey(), left, depth + 1), depth + 1);
            }
        } else if (value != null && value.getClass().isArray()) {
            left -= Array.getLength(value);
        }
        return left;
    }

    /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
    @Override
    public String toString() {
        return key + "=" + Shown.of(value) + " (version " + version + ")";
    }

    /**
     * The change as JSON has it: the components under their names.
     *
     * @return texts, numbers, flags, null, lists and maps of these; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("key", key)
                .number("version", version)
                .value("value", value)
                .toMap();
    }
}
