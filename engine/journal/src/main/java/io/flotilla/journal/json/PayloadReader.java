package io.flotilla.journal.json;

import io.flotilla.journal.PayloadException;
import io.flotilla.journal.json.JsonPayloadCodec.Bounds;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** Reads one payload: what {@link PayloadWriter} writes and nothing else. Not thread-safe. */
final class PayloadReader {

    private final JsonMapper mapper;
    private final Types types;
    private final Bounds bounds;

    PayloadReader(JsonMapper mapper, Types types, Bounds bounds) {
        this.mapper = mapper;
        this.types = types;
        this.bounds = bounds;
    }

    Map<String, @Nullable Object> read(byte[] payload) {
        try (JsonParser from = mapper.createParser(text(payload))) {
            if (from.nextToken() != JsonToken.START_OBJECT) {
                throw new PayloadException("the payload is not a JSON object", null);
            }
            Object value = read(from, 0);
            if (!(value instanceof Map)) {
                throw new PayloadException("the payload is not a map", null);
            }
            if (from.nextToken() != null) {
                throw new PayloadException("the payload has something behind its end", null);
            }
            @SuppressWarnings("unchecked") // made here
            Map<String, @Nullable Object> map = (Map<String, @Nullable Object>) value;
            return map;
        } catch (PayloadException known) {
            throw known;
        } catch (RuntimeException | StackOverflowError thrown) {
            throw Faults.of("the payload cannot be read", thrown);
        }
    }

    /** Jackson's parser of bytes guesses encodings. */
    private static String text(byte[] payload) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString();
        } catch (CharacterCodingException wrong) {
            throw new PayloadException("the payload is not UTF-8", null);
        }
    }

    /** The value whose first token the parser is at. */
    private @Nullable Object read(JsonParser from, int depth) {
        JsonToken token = from.currentToken();
        if (token == null) {
            throw new PayloadException("the payload is cut off", null);
        }
        return switch (token) {
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_STRING -> from.getString();
            case VALUE_NUMBER_INT -> from.getLongValue();
            case VALUE_NUMBER_FLOAT -> from.getDoubleValue();
            case START_ARRAY -> readAll(from, new ArrayList<>(), deeper(depth));
            case START_OBJECT -> readObject(from, depth);
            default -> throw new PayloadException("the payload cannot be read: " + token, null);
        };
    }

    private <C extends java.util.Collection<@Nullable Object>> C readAll(JsonParser from, C into, int depth) {
        while (from.nextToken() != JsonToken.END_ARRAY) {
            into.add(read(from, depth));
        }
        return into;
    }

    private @Nullable Object readObject(JsonParser from, int depth) {
        if (from.nextToken() == JsonToken.PROPERTY_NAME && Types.TYPE.equals(from.currentName())) {
            return readTyped(from, depth);
        }
        return readMap(from, depth, false);
    }

    /** From the first key on. */
    private Map<String, @Nullable Object> readMap(JsonParser from, int depth, boolean escaped) {
        int inside = deeper(depth);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (from.currentToken() == JsonToken.PROPERTY_NAME) {
            String key = from.currentName();
            if (!escaped && key.equals(Types.TYPE)) {
                throw new PayloadException("the payload has a type that is not in front of its value", null);
            }
            from.nextToken();
            map.put(key, read(from, inside));
            from.nextToken();
        }
        return map;
    }

    private @Nullable Object readTyped(JsonParser from, int depth) {
        if (from.nextToken() != JsonToken.VALUE_STRING) {
            throw new PayloadException("the payload has a type that is not a name", null);
        }
        String name = from.getString();
        if (from.nextToken() != JsonToken.PROPERTY_NAME || !Types.VALUE.equals(from.currentName())) {
            throw new PayloadException("the payload has a type without a value", null);
        }
        from.nextToken();
        Object value = Types.BUILT_IN.contains(name) ? readBuiltIn(name, from, depth) : readRegistered(name, from);
        if (from.nextToken() != JsonToken.END_OBJECT) {
            throw new PayloadException("the payload has a type with more than a value", null);
        }
        return value;
    }

    private Object readBuiltIn(String name, JsonParser from, int depth) {
        return switch (name) {
            case Types.INT -> from.getIntValue();
            case Types.DOUBLE -> parse(from, Double::valueOf);
            case Types.DECIMAL -> parse(from, text -> new BigDecimal(numeral(text)));
            case Types.BIG_INTEGER -> parse(from, text -> new BigInteger(numeral(text)));
            case Types.INSTANT -> parse(from, Instant::parse);
            case Types.DURATION -> parse(from, Duration::parse);
            case Types.ID -> parse(from, UUID::fromString);
            case Types.BYTES -> parse(from, Base64.getDecoder()::decode);
            case Types.SET -> readSet(from, depth);
            default -> readEscaped(from, depth);
        };
    }

    private static <T> T parse(JsonParser from, Function<String, T> parser) {
        if (from.currentToken() != JsonToken.VALUE_STRING) {
            throw new PayloadException("the payload has a typed value that is not a string", null);
        }
        return parser.apply(from.getString());
    }

    private Set<@Nullable Object> readSet(JsonParser from, int depth) {
        if (from.currentToken() != JsonToken.START_ARRAY) {
            throw new PayloadException("the payload has a set that is none", null);
        }
        return readAll(from, new LinkedHashSet<@Nullable Object>(), deeper(depth));
    }

    private Map<String, @Nullable Object> readEscaped(JsonParser from, int depth) {
        if (from.currentToken() != JsonToken.START_OBJECT) {
            throw new PayloadException("the payload has a map that is none", null);
        }
        from.nextToken();
        return readMap(from, depth, true);
    }

    private Object readRegistered(String name, JsonParser from) {
        Class<?> type = types.type(name);
        if (type == null) {
            throw new PayloadException(
                    "the payload has a type that is not registered, \"" + abridged(name)
                            + "\"; register it with the codec under that name. Registered are " + types.names(),
                    null);
        }
        Object value;
        try {
            value = mapper.readValue(from, type);
        } catch (RuntimeException | StackOverflowError | LinkageError thrown) {
            throw Faults.of("a " + type.getName() + " cannot be read", thrown);
        }
        if (value == null) {
            throw new PayloadException("the payload has no value for a " + type.getName(), null);
        }
        return value;
    }

    private static String abridged(String name) {
        List<Integer> shown =
                name.codePoints().limit(100).map(c -> c < 32 ? '?' : c).boxed().toList();
        StringBuilder text = new StringBuilder();
        shown.forEach(text::appendCodePoint);
        return text.toString();
    }

    private int deeper(int depth) {
        if (depth >= bounds.maxDepth()) {
            throw new PayloadException("a payload must be nested at most " + bounds.maxDepth() + " deep", null);
        }
        return depth + 1;
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
