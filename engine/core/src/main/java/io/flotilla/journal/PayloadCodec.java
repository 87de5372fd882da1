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
     * Reads a payload.
     *
     * @param payload its bytes
     * @return the tree
     * @throws PayloadException if it is not what {@link #encode} writes, names a type the codec does not know, is too
     *     large or too deep
     */
    Map<String, @Nullable Object> decode(byte[] payload);

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
