package io.flotilla.journal.json;

import io.flotilla.journal.PayloadException;
import io.flotilla.journal.json.JsonPayloadCodec.Bounds;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Writes one payload: redacted, in the one order there is. Not thread-safe. */
final class PayloadWriter {

    private final JsonMapper mapper;
    private final Types types;
    private final Bounds bounds;
    private final UnaryOperator<String> redactor;
    private boolean registeredTypes;
    private boolean changed;

    PayloadWriter(JsonMapper mapper, Types types, Bounds bounds, UnaryOperator<String> redactor) {
        this.mapper = mapper;
        this.types = types;
        this.bounds = bounds;
        this.redactor = redactor;
    }

    String write(Map<String, ?> payload) {
        try {
            return Surrogates.escapeLone(text(payload, 0));
        } catch (PayloadException known) {
            throw known;
        } catch (RuntimeException | StackOverflowError thrown) {
            throw Faults.of("the payload cannot be written", thrown);
        }
    }

    boolean hasRegisteredTypes() {
        return registeredTypes;
    }

    /** Whether the redactor has changed anything. */
    boolean hasRedacted() {
        return changed;
    }

    private String text(@Nullable Object value, int depth) {
        StringWriter text = new StringWriter();
        try (JsonGenerator to = mapper.createGenerator(text)) {
            write(value, to, depth);
        }
        return text.toString();
    }

    private void write(@Nullable Object value, JsonGenerator to, int depth) {
        if (value == null) {
            to.writeNull();
        } else if (value instanceof String text) {
            to.writeString(redacted(text));
        } else if (value instanceof Boolean truth) {
            to.writeBoolean(truth);
        } else if (value instanceof Long number) {
            to.writeNumber(number);
        } else if (value instanceof Double number && Double.isFinite(number)) {
            to.writeNumber(number); // always with a point or an exponent
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, to, depth);
        } else if (value instanceof List<?> list) {
            int inside = deeper(depth);
            to.writeStartArray();
            list.forEach(item -> write(item, to, inside));
            to.writeEndArray();
        } else if (value instanceof Set<?> set) {
            typed(Types.SET, to, () -> writeSet(set, to, deeper(depth)));
        } else {
            writeTyped(value, to, depth);
        }
    }

    private void writeTyped(Object value, JsonGenerator to, int depth) {
        if (value instanceof Integer number) {
            typed(Types.INT, to, () -> to.writeNumber(number));
        } else if (value instanceof Double number) {
            typed(Types.DOUBLE, to, () -> to.writeString(number.toString()));
        } else if (value instanceof BigDecimal number) {
            typed(Types.DECIMAL, to, () -> to.writeString(numeral(number.toString())));
        } else if (value instanceof BigInteger number) {
            typed(Types.BIG_INTEGER, to, () -> to.writeString(numeral(number.toString())));
        } else if (value instanceof Instant instant) {
            typed(Types.INSTANT, to, () -> to.writeString(instant.toString()));
        } else if (value instanceof Duration duration) {
            typed(Types.DURATION, to, () -> to.writeString(duration.toString()));
        } else if (value instanceof UUID id) {
            writeId(id.toString(), to);
        } else if (value instanceof byte[] bytes) {
            typed(
                    Types.BYTES,
                    to,
                    () -> to.writeString(checked(Base64.getEncoder().encodeToString(bytes))));
        } else {
            writeRegistered(value, to, depth);
        }
    }

    private static void typed(String name, JsonGenerator to, Runnable value) {
        to.writeStartObject();
        to.writeName(Types.TYPE);
        to.writeString(name);
        to.writeName(Types.VALUE);
        value.run();
        to.writeEndObject();
    }

    /** An id may be a secret. */
    private void writeId(String id, JsonGenerator to) {
        String redacted = redacted(id);
        if (redacted.equals(id)) {
            typed(Types.ID, to, () -> to.writeString(id));
        } else {
            to.writeString(redacted);
        }
    }

    private void writeMap(Map<?, ?> map, JsonGenerator to, int depth) {
        int inside = deeper(depth);
        TreeMap<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((key, value) -> {
            if (!(key instanceof String name)) {
                throw new PayloadException(
                        "a map in a payload must have strings for keys, had "
                                + (key == null ? "null" : key.getClass().getName()),
                        null);
            }
            sorted.put(key(name), value);
        });
        Runnable object = () -> {
            to.writeStartObject();
            sorted.forEach((key, value) -> {
                to.writeName(key);
                write(value, to, inside);
            });
            to.writeEndObject();
        };
        if (sorted.containsKey(Types.TYPE)) {
            typed(Types.MAP, to, object);
        } else {
            object.run();
        }
    }

    private void writeSet(Set<?> set, JsonGenerator to, int depth) {
        TreeSet<String> sorted = new TreeSet<>();
        set.forEach(item -> sorted.add(text(item, depth)));
        to.writeStartArray();
        sorted.forEach(to::writeRawValue);
        to.writeEndArray();
    }

    private void writeRegistered(Object value, JsonGenerator to, int depth) {
        String name = types.name(value);
        if (name == null) {
            String type = Types.typeOf(value).getName();
            throw new PayloadException(
                    "the codec does not know " + type + "; register it with a name of its own: "
                            + "JsonPayloadCodec.builder().register(\"name\", " + type + ".class)",
                    null);
        }
        registeredTypes = true;
        JsonNode tree;
        try {
            tree = mapper.valueToTree(value);
        } catch (RuntimeException | StackOverflowError | LinkageError thrown) {
            throw Faults.of("a " + Types.typeOf(value).getName() + " cannot be written", thrown);
        }
        typed(name, to, () -> writeTree(tree, to, depth));
    }

    /** What a registered type has made of itself: the same as it is, but for strings. */
    private void writeTree(JsonNode tree, JsonGenerator to, int depth) {
        if (tree.isString()) {
            to.writeString(redacted(tree.stringValue()));
        } else if (tree.isArray()) {
            int inside = deeper(depth);
            to.writeStartArray();
            tree.forEach(item -> writeTree(item, to, inside));
            to.writeEndArray();
        } else if (tree.isObject()) {
            int inside = deeper(depth);
            to.writeStartObject();
            TreeMap<String, JsonNode> sorted = new TreeMap<>();
            tree.properties().forEach(property -> sorted.put(key(property.getKey()), property.getValue()));
            sorted.forEach((key, value) -> {
                to.writeName(key);
                writeTree(value, to, inside);
            });
            to.writeEndObject();
        } else if (tree.isPojo()) {
            throw new PayloadException("a registered type has a part that is not JSON", null);
        } else {
            mapper.writeTree(to, tree);
        }
    }

    // --- bounds

    private int deeper(int depth) {
        if (depth >= bounds.maxDepth()) {
            throw new PayloadException("a payload must be nested at most " + bounds.maxDepth() + " deep", null);
        }
        return depth + 1;
    }

    private String redacted(String text) {
        String redacted;
        try {
            redacted = redactor.apply(text);
        } catch (RuntimeException | Error thrown) {
            throw Faults.of("the redactor failed, so nothing is written", thrown);
        }
        if (redacted == null) {
            throw new PayloadException("the redactor returned null, so nothing is written", null);
        }
        changed |= !redacted.equals(text);
        return checked(redacted);
    }

    private String checked(String text) {
        if (text.length() > bounds.maxStringLength()) {
            throw new PayloadException(
                    "a string in a payload must have at most " + bounds.maxStringLength() + " chars, had "
                            + text.length(),
                    null);
        }
        return text;
    }

    private String key(String name) {
        if (Surrogates.hasLone(name)) { // Jackson does not read it
            throw new PayloadException("a key in a payload has half a character in it", null);
        }
        return checked(name);
    }

    private String numeral(String digits) {
        if (digits.length() > bounds.maxNumberLength()) {
            throw new PayloadException(
                    "a number in a payload must have at most " + bounds.maxNumberLength() + " characters, had "
                            + digits.length(),
                    null);
        }
        return digits;
    }
}
