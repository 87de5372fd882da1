package io.flotilla.inspector;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes texts, numbers, flags, null, maps and iterables of these as JSON (RFC 8259). */
final class Json {

    private Json() {}

    static byte[] bytes(@Nullable Object value) {
        return text(value).getBytes(StandardCharsets.UTF_8);
    }

    static String text(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        write(value, text);
        return text.toString();
    }

    static void write(@Nullable Object value, StringBuilder text) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            text.append(value);
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
            quote(String.valueOf(value), text);
        }
    }

    private static void quote(String string, StringBuilder text) {
        text.append('"');
        int from = 0;
        for (int at = 0; at < string.length(); at++) {
            char unit = string.charAt(at);
            boolean isSpecial = unit == '"' || unit == '\\';
            if (isSpecial || !isPlain(string, at)) {
                text.append(string, from, at).append('\\');
                if (isSpecial) {
                    text.append(unit);
                } else {
                    text.append(String.format("u%04x", (int) unit));
                }
                from = at + 1;
            }
        }
        text.append(string, from, string.length()).append('"');
    }

    /** Not control characters, and not halves of characters, which UTF-8 has not. */
    private static boolean isPlain(String string, int at) {
        char unit = string.charAt(at);
        if (unit >= ' ' && unit < 0x7f) {
            return true;
        }
        if (Character.isHighSurrogate(unit)) {
            return at + 1 < string.length() && Character.isLowSurrogate(string.charAt(at + 1));
        }
        if (Character.isLowSurrogate(unit)) {
            return at > 0 && Character.isHighSurrogate(string.charAt(at - 1));
        }
        return unit >= ' ' && unit != '\u2028' && unit != '\u2029';
    }
}
