package io.flotilla.journal;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How what is in a run's facts is written: tasks, requests, answers. A payload is a tree of null, {@link Boolean}, numbers,
 * {@link String}, {@link java.util.List}, {@link Map} with strings for keys, and whatever types the codec was told of.
 *
 * <p>What is read back equals what was written, but for what the redactor took out. Implementations never make an object of
 * a class that is named in the data, and bound what they read in size and depth. Thread-safe.
 *
 * @since 0.1
 */
public interface PayloadCodec {

    /** How many bytes a payload may have. */
    int MAX_BYTES = 16 * 1024 * 1024;

    /** How deep lists and maps may be nested. */
    int MAX_DEPTH = 100;

    /**
     * Writes a payload.
     *
     * @param payload the tree
     * @param redactor applied to every string in it that is a value
     * @return its bytes
     * @throws PayloadException if there is a type in it the codec does not know, it is too large or too deep
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
     * A codec for null, booleans, {@code Integer}, {@code Long}, {@code Double}, {@code BigDecimal}, strings, lists and maps;
     * nothing else. Compact and binary. {@code flotilla-journal} has one for JSON and for types of your own.
     *
     * @return the codec
     */
    static PayloadCodec basic() {
        return BasicCodec.INSTANCE;
    }
}
