package io.flotilla.inspector;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON text (RFC 8259) into texts, {@code Long}, {@code Double}, flags, null, lists and maps. Strict, and at most {@value
 * #MAX_DEPTH} levels deep. Not thread-safe.
 */
final class JsonReader {

    private static final int MAX_DEPTH = 32;
    private static final int MAX_DIGITS = 100;

    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    static @Nullable Object read(String text) {
        JsonReader reader = new JsonReader(text);
        Object value = reader.value(0);
        reader.skipSpace();
        if (reader.at < text.length()) {
            throw reader.malformed();
        }
        return value;
    }

    private ApiError malformed() {
        return ApiError.of(400, "malformed-json", "the body is no JSON, see character " + at);
    }

    private @Nullable Object value(int depth) {
        if (depth > MAX_DEPTH) {
            throw ApiError.of(400, "malformed-json", "the body is nested too deep");
        }
        skipSpace();
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> list(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> object(int depth) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        at++;
        skipSpace();
        if (peek() == '}') {
            at++;
            return fields;
        }
        while (true) {
            skipSpace();
            String name = string();
            skipSpace();
            expect(':');
            fields.put(name, value(depth + 1));
            skipSpace();
            if (peek() == '}') {
                at++;
                return fields;
            }
            expect(',');
        }
    }

    private List<@Nullable Object> list(int depth) {
        List<@Nullable Object> elements = new ArrayList<>();
        at++;
        skipSpace();
        if (peek() == ']') {
            at++;
            return elements;
        }
        while (true) {
            elements.add(value(depth + 1));
            skipSpace();
            if (peek() == ']') {
                at++;
                return elements;
            }
            expect(',');
        }
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (peek() != '"') {
            char unit = text.charAt(at++);
            if (unit < ' ') {
                throw malformed();
            }
            string.append(unit == '\\' ? escaped() : unit);
        }
        at++;
        return string.toString();
    }

    private char escaped() {
        char unit = peek();
        at++;
        return switch (unit) {
            case '"', '\\', '/' -> unit;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> code();
            default -> throw malformed();
        };
    }

    private char code() {
        int code = 0;
        for (int digit = 0; digit < 4; digit++) {
            int value = Character.digit(peek(), 16);
            if (value < 0) {
                throw malformed();
            }
            code = code * 16 + value;
            at++;
        }
        return (char) code;
    }

    private @Nullable Object word(String word, @Nullable Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    private Object number() {
        int from = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(from, at);
        if (number.length() > MAX_DIGITS || !number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")) {
            throw malformed();
        }
        BigDecimal exact = new BigDecimal(number);
        try {
            return exact.longValueExact();
        } catch (ArithmeticException noLong) {
            return exact.doubleValue();
        }
    }

    private void expect(char expected) {
        if (peek() != expected) {
            throw malformed();
        }
        at++;
    }

    /** The next character; there must be one. */
    private char peek() {
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }
}
