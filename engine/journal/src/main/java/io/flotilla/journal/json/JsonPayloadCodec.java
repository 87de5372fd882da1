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
 * Payloads as JSON, with types of your own by names of your own.
 *
 * <pre>{@code
 * PayloadCodec codec = JsonPayloadCodec.builder().register("digest", Digest.class).build();
 * SqliteJournal journal = SqliteJournal.builder(path).codec(codec).open();
 * }</pre>
 *
 * <p>Known without being registered: null, {@link Boolean}, {@link String}, {@link Long}, {@link Integer}, {@link Double},
 * {@link BigDecimal}, {@link BigInteger}, {@link Instant}, {@link Duration}, {@link UUID}, {@code byte[]}, {@link
 * java.util.List}, {@link java.util.Set}, and {@link Map} with strings for keys. They are read as what they were written as;
 * lists, sets and maps by their content, not their class or order of keys. Records, enums and classes are known once they
 * are registered, by their exact class; what is in their components is Jackson's matter, and has the type the component is
 * declared with.
 *
 * <p>A value that plain JSON cannot tell is written as <code>{"$type":"digest","value":…}</code>, with the name it is
 * registered under. Names are looked up among those registered, never made into classes. Keep a name for as long as
 * there are journals with it; the class behind it may be renamed. Jackson's annotations on your types are heeded, but for
 * those that would have class names in the data.
 *
 * <p>Every string that is a value goes through the redactor, inside registered types too, and whatever a registered type
 * writes as a string; so does a {@link UUID}, which becomes a string if the redactor changes it. Keys and names do not, nor
 * do numbers and bytes. A redactor that throws or returns null is a {@link PayloadException}. So is a registered type that
 * cannot be read again with the redactor's changes, or that without them would be read as another value: a component that is
 * declared as {@code Object} or a type variable and holds what JSON cannot tell, or a constructor that changes what it is
 * given. So every payload with a registered type is read back and compared with {@code equals} when it is written, and once
 * more if the redactor has changed it. A class without an {@code equals} of its own is only read back. Offsets and zones of
 * {@link java.time.OffsetDateTime} and {@link java.time.ZonedDateTime} are kept.
 *
 * <p>The same payload gives the same bytes: keys and sets are sorted, and nothing is indented.
 *
 * <p>Messages of exceptions name types, places and sizes, not what is in the payload; they have no cause for that reason.
 * Immutable and thread-safe, as far as your own types are.
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
         * Lets a type be in payloads.
         *
         * @param name what it is called in them: 1 to 100 letters, digits, dots, dashes and underscores
         * @param type a record, an enum, or a class that Jackson can write and read; not an interface: of a sealed type
         *     register each record
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if name or type is registered already or known without, the name is not as
         *     described, or the type has no values of its own
         */
        public Builder register(String name, Class<?> type) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "name must be 1 to 100 letters, digits, dots, dashes or underscores, was \"" + name + "\"");
            }
            if (Types.BUILT_IN.contains(name) || Types.isBuiltIn(type)) {
                throw new IllegalArgumentException(
                        "the codec knows " + name + " or " + type.getName() + " without being told");
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
         * How many bytes a payload may have.
         *
         * @param maxBytes 2 to 512 MiB; default 16 MiB
         * @return this builder
         * @throws IllegalArgumentException if {@code maxBytes} is out of its bounds
         */
        public Builder maxBytes(int maxBytes) {
            this.maxBytes = within("maxBytes", 2, 512 * 1024 * 1024, maxBytes);
            return this;
        }

        /**
         * How many lists, sets and maps may be within each other. The engine's own need up to four.
         *
         * @param maxDepth 4 to 400; default 100
         * @return this builder
         * @throws IllegalArgumentException if {@code maxDepth} is out of its bounds
         */
        public Builder maxDepth(int maxDepth) {
            this.maxDepth = within("maxDepth", 4, 400, maxDepth);
            return this;
        }

        /**
         * How long a string or a key may be; bytes count as the string they are written as.
         *
         * @param maxStringLength in chars, 100 to 512 Mi; default 16 Mi
         * @return this builder
         * @throws IllegalArgumentException if {@code maxStringLength} is out of its bounds
         */
        public Builder maxStringLength(int maxStringLength) {
            this.maxStringLength = within("maxStringLength", 100, 512 * 1024 * 1024, maxStringLength);
            return this;
        }

        /**
         * How long a number may be.
         *
         * @param maxNumberLength in characters, 30 to 1,000,000; default 1,000
         * @return this builder
         * @throws IllegalArgumentException if {@code maxNumberLength} is out of its bounds
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
         * Makes the codec. Types that are registered with the builder later are unknown to it.
         *
         * @return the codec
         */
        public JsonPayloadCodec build() {
            return new JsonPayloadCodec(
                    new Types(registered), new Bounds(maxBytes, maxDepth, maxStringLength, maxNumberLength));
        }
    }
}
