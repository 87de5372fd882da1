package io.flotilla.journal.json;

import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator;

/**
 * Payloads as JSON, with your own types under names that you choose.
 *
 * <pre>{@code
 * PayloadCodec codec = JsonPayloadCodec.builder().register("digest", Digest.class).build();
 * SqliteJournal journal = SqliteJournal.builder(path).codec(codec).open();
 * }</pre>
 *
 * <p>Known without registration: null, {@link Boolean}, {@link String}, {@link Long}, {@link Integer}, {@link Double},
 * {@link BigDecimal}, {@link BigInteger}, {@link Instant}, {@link Duration}, {@link UUID}, {@code byte[]}, {@link
 * java.util.List}, {@link java.util.Set}, and {@link Map} with string keys. A value that is read equals the one that was
 * written; lists, sets and maps by content, not by class or order of keys. Records, enums and classes must be registered,
 * by their exact class. Jackson reads and writes their components, with the declared types.
 *
 * <p>A value that plain JSON cannot represent is written as <code>{"$type":"digest","value":…}</code>, with its
 * registered name. Names are looked up among the registered ones; no class is loaded by name. Keep a name as long as
 * there are journals that use it; you may rename the class. Jackson's annotations on your types apply, except for those
 * that would put class names into the data.
 *
 * <p>The redactor is applied to every string value, to everything that a registered type writes as a string, and to a
 * {@link UUID}, which becomes a string if the redactor changes it. It is not applied to keys, names, numbers and bytes. A
 * redactor that throws or returns null is a {@link PayloadException}. So is a value of a registered type that cannot be
 * read with the redactor's changes, or that would be read as another value without them: because a component that is
 * declared as {@code Object} or a type variable has a value that JSON cannot represent, or because a constructor changes
 * its arguments. Therefore every payload with a registered type is read back and compared with {@code equals} when it is
 * written, and once more if the redactor has changed it. A class without its own {@code equals} is only read back.
 * Offsets and zones of {@link java.time.OffsetDateTime} and {@link java.time.ZonedDateTime} are kept.
 *
 * <p>Equal payloads give equal bytes: keys and sets are sorted, and nothing is indented.
 *
 * <p>Messages of exceptions name types, places and sizes, never the content of payloads; for the same reason they have no
 * cause. Immutable and thread-safe, as far as your own types are.
 *
 * @since 0.1
 */
public final class JsonPayloadCodec implements PayloadCodec {

    private final Types types;
    private final Bounds bounds;
    private final JsonMapper mapper;

    /** How much a payload may have. */
    record Bounds(int maxBytes, int maxDepth, int maxStringLength, int maxNumberLength) {}

    private JsonPayloadCodec(Types types, Bounds bounds) {
        this.types = types;
        this.bounds = bounds;
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxNestingDepth(2 * bounds.maxDepth() + 2) // a level may have a type around it
                .maxStringLength(bounds.maxStringLength())
                .maxNameLength(bounds.maxStringLength())
                .maxNumberLength(bounds.maxNumberLength())
                .maxDocumentLength(bounds.maxBytes())
                .build();
        this.mapper = JsonMapper.builder(
                        JsonFactory.builder().streamReadConstraints(constraints).build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .disable(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE) // offsets are kept
                .enable(DateTimeFeature.WRITE_DATES_WITH_ZONE_ID)
                .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS) // the payload goes on behind a typed value
                .polymorphicTypeValidator(
                        BasicPolymorphicTypeValidator.builder().build()) // allows no class by its name
                .build();
    }

    /**
     * Starts the configuration of a codec.
     *
     * @return a builder with no types registered
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
        Objects.requireNonNull(payload, "payload");
        Objects.requireNonNull(redactor, "redactor");
        PayloadWriter writer = new PayloadWriter(mapper, types, bounds, redactor);
        byte[] bytes = writer.write(payload).getBytes(StandardCharsets.UTF_8);
        checkSize(bytes);
        if (writer.hasRegisteredTypes()) {
            Map<String, @Nullable Object> read = readBack(bytes);
            compare(payload, writer.hasRedacted() ? unredacted(payload) : read);
        }
        return bytes;
    }

    @Override
    public byte @Nullable [] add(byte[] encoded, String key, long number) {
        byte[] added = Insertion.of(encoded, key, number);
        if (added != null) {
            checkSize(added);
        }
        return added;
    }

    /** What would be read if nothing were redacted; null if that is too large, or refused by its own type. */
    private @Nullable Map<String, @Nullable Object> unredacted(Map<String, ?> payload) {
        try {
            String text = new PayloadWriter(mapper, types, bounds, UnaryOperator.identity()).write(payload);
            return decode(text.getBytes(StandardCharsets.UTF_8));
        } catch (PayloadException tooLarge) {
            return null;
        }
    }

    /** What would be another value when it is needed must not be written. */
    private static void compare(Map<String, ?> payload, @Nullable Map<String, @Nullable Object> read) {
        String difference;
        try {
            difference = read == null ? null : ReadBack.difference(payload, read, "payload");
        } catch (RuntimeException | StackOverflowError thrown) {
            throw Faults.of("what was written cannot be compared with what is read", thrown);
        }
        if (difference != null) {
            throw new PayloadException(
                    "what was written is read as another value, at " + difference
                            + ": declare the component with the type of its value, or write it as text",
                    null);
        }
    }

    /** What could not be read when it is needed must not be written. */
    private Map<String, @Nullable Object> readBack(byte[] bytes) {
        try {
            return decode(bytes);
        } catch (PayloadException unreadable) {
            throw new PayloadException(
                    "what was written, after the redactor, cannot be read again: " + unreadable.getMessage(), null);
        }
    }

    @Override
    public Map<String, @Nullable Object> decode(byte[] payload) {
        Objects.requireNonNull(payload, "payload");
        checkSize(payload);
        return new PayloadReader(mapper, types, bounds).read(payload);
    }

    /** The name the type was registered with, else that of {@link PayloadCodec}. */
    @Override
    public @Nullable String nameOf(Class<?> type) {
        String name = types.registeredName(type);
        return name == null ? PayloadCodec.super.nameOf(type) : name;
    }

    @Override
    public @Nullable Class<?> typeOf(String name) {
        Class<?> type = types.type(name);
        return type == null ? PayloadCodec.super.typeOf(name) : type;
    }

    private void checkSize(byte[] payload) {
        if (payload.length > bounds.maxBytes()) {
            throw new PayloadException(
                    "a payload must have at most " + bounds.maxBytes() + " bytes, had " + payload.length, null);
        }
    }

    /** The names of the types that are registered. */
    @Override
    public String toString() {
        return "JsonPayloadCodec" + types.names();
    }

    /** The configuration of a codec. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        /** What is longer is no number anybody means. */
        private static final int DEFAULT_MAX_NUMBER_LENGTH = 1_000;

        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

        private final Map<String, Class<?>> registered = new LinkedHashMap<>();
        private int maxBytes = MAX_BYTES;
        private int maxDepth = MAX_DEPTH;
        private int maxStringLength = MAX_BYTES;
        private int maxNumberLength = DEFAULT_MAX_NUMBER_LENGTH;

        private Builder() {}

        /**
         * Registers a type.
         *
         * @param name its name in payloads: 1 to 100 letters, digits, dots, dashes and underscores
         * @param type a record, an enum, or a class that Jackson can write and read; not an interface: of a sealed type
         *     register each record
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if the name or type is already known, the name is invalid, or the type has no
         *     instances
         */
        public Builder register(String name, Class<?> type) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "name must be 1 to 100 letters, digits, dots, dashes or underscores, was \"" + name + "\"");
            }
            if (Types.BUILT_IN.contains(name) || Types.isBuiltIn(type)) {
                throw new IllegalArgumentException(
                        "the codec knows " + name + " or " + type.getName() + " without being given it");
            }
            if (!type.isEnum() && (type.isInterface() || Types.isAbstract(type))) {
                throw new IllegalArgumentException(
                        type.getName() + " has no values of its own; register the classes that stand for it");
            }
            if (registered.containsKey(name) || registered.containsValue(type)) {
                throw new IllegalArgumentException(
                        name + " or " + type.getName() + " is registered already, in " + registered);
            }
            registered.put(name, type);
            return this;
        }

        /**
         * The most bytes of a payload.
         *
         * @param maxBytes 2 to 512 MiB; default 16 MiB
         * @return this builder
         * @throws IllegalArgumentException if {@code maxBytes} is out of bounds
         */
        public Builder maxBytes(int maxBytes) {
            this.maxBytes = within("maxBytes", 2, 512 * 1024 * 1024, maxBytes);
            return this;
        }

        /**
         * The most levels of nested lists, sets and maps. The engine's own payloads need up to four.
         *
         * @param maxDepth 4 to 400; default 100
         * @return this builder
         * @throws IllegalArgumentException if {@code maxDepth} is out of bounds
         */
        public Builder maxDepth(int maxDepth) {
            this.maxDepth = within("maxDepth", 4, 400, maxDepth);
            return this;
        }

        /**
         * The most characters of a string or a key; bytes count as the string as which they are written.
         *
         * @param maxStringLength in chars, 100 to 512 Mi; default 16 Mi
         * @return this builder
         * @throws IllegalArgumentException if {@code maxStringLength} is out of bounds
         */
        public Builder maxStringLength(int maxStringLength) {
            this.maxStringLength = within("maxStringLength", 100, 512 * 1024 * 1024, maxStringLength);
            return this;
        }

        /**
         * The most characters of a number.
         *
         * @param maxNumberLength in characters, 30 to 1,000,000; default 1,000
         * @return this builder
         * @throws IllegalArgumentException if {@code maxNumberLength} is out of bounds
         */
        public Builder maxNumberLength(int maxNumberLength) {
            this.maxNumberLength = within("maxNumberLength", 30, 1_000_000, maxNumberLength);
            return this;
        }

        private static int within(String what, int low, int high, int value) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(
                        what + " must be between " + low + " and " + high + ", was " + value);
            }
            return value;
        }

        /**
         * Creates the codec. It does not know types that are registered with the builder later.
         *
         * @return the codec
         */
        public JsonPayloadCodec build() {
            return new JsonPayloadCodec(
                    new Types(registered), new Bounds(maxBytes, maxDepth, maxStringLength, maxNumberLength));
        }
    }
}
