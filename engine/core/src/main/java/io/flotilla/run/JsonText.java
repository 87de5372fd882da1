package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the values that {@link JsonFields} has as JSON (RFC 8259), so that it can stand in a script element of a page: {@code <}, {@code >},
 * {@code &}, the line separators of Unicode and halves of characters are escaped.
 */
final class JsonText {

    private JsonText() {}

    /** The text of texts, numbers, flags, null, maps with texts as keys, and iterables of these; anything else is refused. */
    static String of(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        write(value, text);
        return text.toString();
    }

    private static void write(@Nullable Object value, StringBuilder text) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            text.append(value);
        } else if (value instanceof String string) {
            quote(string, text);
        } else if (value instanceof Map<?, ?> map) {
            text.append('{');
            for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext(); ) {
                Map.Entry<?, ?> entry = entries.next();
                quote(String.valueOf(entry.getKey()), text);
                text.append(':');
                write(entry.getValue(), text);
                if (entries.hasNext()) {
                    text.append(',');
                }
            }
            text.append('}');
        } else if (value instanceof Iterable<?> list) {
            text.append('[');
            for (Iterator<?> elements = list.iterator(); elements.hasNext(); ) {
                write(elements.next(), text);
                if (elements.hasNext()) {
                    text.append(',');
                }
            }
            text.append(']');
        } else {
            throw new IllegalArgumentException(
                    "no JSON value: " + value.getClass().getName());
        }
    }

    private static void quote(String string, StringBuilder text) {
        text.append('"');
        for (int at = 0; at < string.length(); at++) {
            char unit = string.charAt(at);
            switch (unit) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (isPlain(string, at)) {
                        text.append(unit);
                    } else {
                        text.append("\\u").append(Character.forDigit(unit >> 12, 16));
                        text.append(Character.forDigit(unit >> 8 & 15, 16));
                        text.append(Character.forDigit(unit >> 4 & 15, 16));
                        text.append(Character.forDigit(unit & 15, 16));
                    }
                }
            }
        }
        text.append('"');
    }

    private static boolean isPlain(String string, int at) {
        char unit = string.charAt(at);
        if (Character.isHighSurrogate(unit)) {
            return at + 1 < string.length() && Character.isLowSurrogate(string.charAt(at + 1));
        }
        if (Character.isLowSurrogate(unit)) {
            return at > 0 && Character.isHighSurrogate(string.charAt(at - 1));
        }
        return unit >= ' ' && unit != '<' && unit != '>' && unit != '&' && unit != '\u2028' && unit != '\u2029';
    }
}
