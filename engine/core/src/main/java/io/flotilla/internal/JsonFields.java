package io.flotilla.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON object, in their order, as any JSON library writes them: texts, numbers, flags, null, lists and maps of these.
 * Not thread-safe.
 *
 * @since 0.1
 */
public final class JsonFields {

    /** The most characters of a value that is written as text; then follows how many there were. */
    public static final int MAX_TEXT_LENGTH = 16_384;

    /** Values that are nested deeper than this are written as text. */
    public static final int MAX_DEPTH = 32;

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /** No fields yet. */
    public JsonFields() {}

    /**
     * Adds a text; {@code null} stays null.
     *
     * @param name the field
     * @param text what it says
     * @return this
     */
    public JsonFields text(String name, @Nullable Object text) {
        fields.put(name, text == null ? null : textOf(text));
        return this;
    }

    /**
     * Adds a number.
     *
     * @param name the field
     * @param number which
     * @return this
     */
    public JsonFields number(String name, @Nullable Number number) {
        fields.put(name, number);
        return this;
    }

    /**
     * Adds a flag.
     *
     * @param name the field
     * @param flag true or false
     * @return this
     */
    public JsonFields flag(String name, boolean flag) {
        fields.put(name, flag);
        return this;
    }

    /**
     * Adds a constant of an enumeration, as in {@code timed-out}.
     *
     * @param name the field
     * @param constant which
     * @return this
     */
    public JsonFields constant(String name, @Nullable Enum<?> constant) {
        fields.put(name, constant == null ? null : nameOf(constant));
        return this;
    }

    /**
     * Adds an instant, as in {@code 2026-11-21T10:15:30Z}.
     *
     * @param name the field
     * @param instant which
     * @return this
     */
    public JsonFields instant(String name, @Nullable Instant instant) {
        return text(name, instant);
    }

    /**
     * Adds a duration, as in {@code PT1.5S}.
     *
     * @param name the field
     * @param duration which
     * @return this
     */
    public JsonFields duration(String name, @Nullable Duration duration) {
        return text(name, duration);
    }

    /**
     * Adds an object.
     *
     * @param name the field
     * @param map its fields
     * @return this
     */
    public JsonFields map(String name, @Nullable Map<String, @Nullable Object> map) {
        fields.put(name, map);
        return this;
    }

    /**
     * Adds a list.
     *
     * @param name the field
     * @param list its elements, which are JSON values already
     * @return this
     */
    public JsonFields list(String name, List<?> list) {
        fields.put(name, List.copyOf(list));
        return this;
    }

    /**
     * Adds a value of the user's, see {@link #valueOf}.
     *
     * @param name the field
     * @param value anything
     * @return this
     */
    public JsonFields value(String name, @Nullable Object value) {
        fields.put(name, valueOf(value));
        return this;
    }

    /**
     * The fields.
     *
     * @return a map that cannot be changed, in the order in which they were added
     */
    public Map<String, @Nullable Object> toMap() {
        return Collections.unmodifiableMap(fields);
    }

    /**
     * A constant's name as JSON has it.
     *
     * @param constant which
     * @return as in {@code timed-out}
     */
    public static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * A value of the user's as JSON has it: texts, finite numbers, flags, null, collections and maps as they are; all others, and
     * what is nested deeper than {@link #MAX_DEPTH}, as the text that {@code toString} gives. No field or method of theirs is looked
     * at. A {@code toString} that throws is a text that says so.
     *
     * @param value anything
     * @return the JSON value
     */
    public static @Nullable Object valueOf(@Nullable Object value) {
        try {
            return valueOf(value, 0);
        } catch (Throwable broken) { // a collection of the user's that throws
            return unreadable(value);
        }
    }

    private static @Nullable Object valueOf(@Nullable Object value, int depth) {
        if (value == null || value instanceof Boolean || isNumber(value)) {
            return value;
        }
        if (value instanceof Map<?, ?> map && depth < MAX_DEPTH) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            map.forEach((key, element) -> copy.put(textOf(String.valueOf(key)), valueOf(element, depth + 1)));
            return Collections.unmodifiableMap(copy);
        }
        if (value instanceof Collection<?> collection && depth < MAX_DEPTH) {
            List<@Nullable Object> copy = new ArrayList<>();
            collection.forEach(element -> copy.add(valueOf(element, depth + 1)));
            return Collections.unmodifiableList(copy);
        }
        return value instanceof Map || value instanceof Collection ? "(nested too deep)" : textOf(value);
    }

    /** The numbers of the JDK that JSON has. */
    private static boolean isNumber(Object value) {
        if (value instanceof Double real) {
            return Double.isFinite(real);
        }
        if (value instanceof Float real) {
            return Float.isFinite(real);
        }
        return value instanceof Number
                && (value.getClass().getName().startsWith("java.lang.")
                        || value.getClass().getName().startsWith("java.math."));
    }

    /**
     * A text of at most {@link #MAX_TEXT_LENGTH} characters.
     *
     * @param value what is asked for its {@code toString}
     * @return the text
     */
    public static String textOf(Object value) {
        String text;
        try {
            text = String.valueOf(value.toString());
        } catch (Throwable broken) {
            return unreadable(value);
        }
        if (text.length() <= MAX_TEXT_LENGTH) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(MAX_TEXT_LENGTH - 1)) ? MAX_TEXT_LENGTH - 1 : MAX_TEXT_LENGTH;
        return text.substring(0, end) + "... (" + text.length() + " characters)";
    }

    private static String unreadable(@Nullable Object value) {
        return value == null ? "null" : value.getClass().getName() + " (which cannot be read)";
    }
}
