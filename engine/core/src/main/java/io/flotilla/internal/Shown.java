package io.flotilla.internal;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value of the user's, for the {@code toString} of one of our own: texts and numbers in short, of everything else the type. No
 * {@code toString} of the user's is called.
 *
 * @since 0.1
 */
public final class Shown {

    private static final int MAX = 60;

    private Shown() {}

    /**
     * The value in a few characters.
     *
     * @param value anything
     * @return a text in one line
     */
    public static String of(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof String text) {
            String line = text.replaceAll("\\p{Cntrl}", " ");
            return line.length() <= MAX ? '"' + line + '"' : '"' + line.substring(0, MAX) + "...\"";
        }
        if (value instanceof List || value instanceof Map) { // whichever: one that was read back is of another class
            return value instanceof List ? "List" : "Map";
        }
        Class<?> type = value.getClass();
        return type.getName().startsWith("java.lang.") && value instanceof Comparable<?>
                ? String.valueOf(value)
                : type.getSimpleName();
    }
}
