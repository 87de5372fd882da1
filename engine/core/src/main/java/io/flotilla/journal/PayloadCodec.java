package io.flotilla.journal;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads the payloads of a run's facts: tasks, requests, answers. A payload is a tree of null, {@link Boolean},
 * numbers, {@link String}, {@link java.util.List}, {@link Map} with string keys, and the types that the codec knows.
 *
 * <p>A payload that is read equals the one that was written, except for redacted strings. Implementations never
 * instantiate a class that is named in the data, and bound size and depth when reading. Thread-safe.
 *
 * @since 0.1
 */
public interface PayloadCodec {

    /** The most bytes of a payload. */
    int MAX_BYTES = 16 * 1024 * 1024;

    /** The most levels of nested lists and maps. */
    int MAX_DEPTH = 100;

    /**
     * Writes a payload.
     *
     * @param payload the tree
     * @param redactor applied to every string value
     * @return its bytes
     * @throws PayloadException if it has a type that the codec does not know, or is too large or too deep
     */
    byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor);

    /**
     * Adds a number to a payload that is written already. The engine writes a fact first, and learns only then what comes
     * of it. Saves it the second {@link #encode}; what is read must be the same: the payload with the key in it.
     *
     * @param encoded what {@link #encode} has returned; not changed
     * @param key a key that the payload does not have, of ASCII letters
     * @param number the number
     * @return the bytes with the number; null, as by default, if the payload has to be encoded once more
     * @throws PayloadException if it is too large with the number
     */
    default byte @Nullable [] add(byte[] encoded, String key, long number) {
        return null;
    }

    /**
     * Reads a payload.
     *
     * @param payload its bytes
     * @return the tree
     * @throws PayloadException if it is not what {@link #encode} writes, names a type the codec does not know, is too
     *     large or too deep
     */
    Map<String, @Nullable Object> decode(byte[] payload);

    /**
     * What a type is called in a journal, where a type itself is recorded: that of a question's answer, see {@link
     * io.flotilla.run.Question#answerType}.
     *
     * @param type a type
     * @return its name, for which {@link #typeOf} returns the type; null if it has none. By default the names of the types that
     *     need no registration: {@code any} for {@code Object}, {@code boolean}, {@code string}, {@code number}, {@code int}, {@code
     *     long}, {@code double}, {@code decimal}, {@code bigint}, {@code instant}, {@code duration}, {@code uuid}, {@code bytes},
     *     {@code list}, {@code map}, {@code set}
     */
    default @Nullable String nameOf(Class<?> type) {
        return StandardTypes.name(type);
    }

    /**
     * The type of a name, never a class that is looked up by it.
     *
     * @param name what {@link #nameOf} has returned, in this process or another
     * @return the type; null if the codec does not know it
     */
    default @Nullable Class<?> typeOf(String name) {
        return StandardTypes.type(name);
    }

    /**
     * A codec for null, booleans, {@code Integer}, {@code Long}, {@code Double}, {@code BigDecimal}, strings, lists and
     * maps; nothing else. Compact and binary. {@code flotilla-journal} has a codec for JSON and for your own types.
     *
     * @return the codec
     */
    static PayloadCodec basic() {
        return BasicCodec.INSTANCE;
    }
}
