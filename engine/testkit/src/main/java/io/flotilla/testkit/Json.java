package io.flotilla.testkit;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A place in a JSON text. What is not there, or not what it should be, is an {@link InvalidScenarioException} that names the
 * place. Immutable.
 */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    private final String path;
    private final JsonNode node;

    private Json(String path, JsonNode node) {
        this.path = path;
        this.node = node;
    }

    static Json parse(String text) {
        try {
            return new Json("", MAPPER.readTree(text.startsWith("\uFEFF") ? text.substring(1) : text));
        } catch (JacksonException notJson) {
            throw new InvalidScenarioException("is no JSON: " + notJson.getMessage(), notJson);
        }
    }

    /** On one line, in ASCII. */
    static String write(@Nullable Object value) {
        return MAPPER.writeValueAsString(value);
    }

    InvalidScenarioException wrong(String problem) {
        return new InvalidScenarioException((path.isEmpty() ? "the scenario" : path) + ": " + problem, null);
    }

    private InvalidScenarioException notA(String what) {
        return wrong("must be " + what + ", is " + node);
    }

    /** Makes something of it; what is wrong with the argument is wrong here. */
    <T> T checked(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException outOfBounds) {
            throw wrong(String.valueOf(outOfBounds.getMessage()));
        }
    }

    // --- objects

    boolean isObject() {
        return node.isObject();
    }

    /** With these keys only. */
    Json object(Set<String> allowed) {
        keys().forEach(key -> {
            if (!allowed.contains(key)) {
                throw new InvalidScenarioException(inside(key) + ": there is no such key; there are " + allowed, null);
            }
        });
        return this;
    }

    List<String> keys() {
        if (!node.isObject()) {
            throw notA("an object");
        }
        return List.copyOf(node.propertyNames());
    }

    boolean has(String key) {
        return node.has(key);
    }

    Json get(String key) {
        JsonNode value = node.get(key);
        if (value == null) {
            throw new InvalidScenarioException(inside(key) + ": is missing", null);
        }
        return new Json(inside(key), value);
    }

    /** Null if it is not there. */
    <T> @Nullable T find(String key, Function<Json, T> read) {
        return has(key) ? read.apply(get(key)) : null;
    }

    private String inside(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** What is under each key, in their order. */
    <T> Map<String, T> map(Function<Json, T> read) {
        Map<String, T> map = new LinkedHashMap<>();
        keys().forEach(key -> map.put(key, read.apply(get(key))));
        return map;
    }

    // --- lists

    boolean isList() {
        return node.isArray();
    }

    List<Json> list() {
        if (!node.isArray()) {
            throw notA("a list");
        }
        List<Json> list = new ArrayList<>(node.size());
        for (int index = 0; index < node.size(); index++) {
            list.add(new Json(path + "[" + index + "]", node.get(index)));
        }
        return list;
    }

    <T> List<T> list(Function<Json, T> read) {
        return list().stream().map(read).toList();
    }

    /** A list of two. */
    List<Json> pair(String first, String second) {
        if (!node.isArray() || node.size() != 2) {
            throw notA("[" + first + ", " + second + "]");
        }
        return list();
    }

    // --- values

    boolean isNull() {
        return node.isNull();
    }

    String text() {
        if (!node.isString()) {
            throw notA("a string");
        }
        return node.stringValue();
    }

    long integer() {
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw notA("a whole number");
        }
        return node.longValue();
    }

    int small() {
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw notA("a whole number");
        }
        return node.intValue();
    }

    void isTrue() {
        if (!node.isBoolean() || !node.booleanValue()) {
            throw notA("true");
        }
    }

    Duration duration() {
        try {
            return Duration.parse(text());
        } catch (DateTimeParseException notIso) {
            throw notA("an ISO duration like PT2S");
        }
    }

    /** Strings, numbers, booleans, null, lists and maps. */
    @Nullable Object value() {
        return value(node);
    }

    private static @Nullable Object value(JsonNode node) {
        if (node.isNull()) {
            return null;
        }
        if (node.isString()) {
            return node.stringValue();
        }
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        if (node.isNumber()) {
            return number(node);
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>(node.size());
            node.forEach(element -> list.add(value(element)));
            return list;
        }
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        node.propertyNames().forEach(key -> map.put(key, value(node.get(key))));
        return map;
    }

    private static Object number(JsonNode node) {
        if (node.isIntegralNumber() && node.canConvertToInt()) {
            return node.intValue();
        }
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return node.longValue();
        }
        return node.decimalValue();
    }

    @Override
    public String toString() {
        return node.toString();
    }
}
