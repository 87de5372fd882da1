package io.flotilla.security;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes what is signed. Each field has its length before it, so no two lists of fields have the same bytes. Big-endian. Not
 * thread-safe.
 */
final class CanonicalWriter {

    private byte[] buffer = new byte[256];
    private int size;

    CanonicalWriter(String magic) {
        text(magic);
    }

    private int reserve(int more) {
        int at = size;
        if (more > buffer.length - size) {
            buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, Math.addExact(size, more)));
        }
        size += more;
        return at;
    }

    CanonicalWriter number(int value) {
        int at = reserve(Integer.BYTES);
        ByteBuffer.wrap(buffer).putInt(at, value);
        return this;
    }

    CanonicalWriter number(long value) {
        int at = reserve(Long.BYTES);
        ByteBuffer.wrap(buffer).putLong(at, value);
        return this;
    }

    CanonicalWriter bytes(byte[] value) {
        number(value.length);
        int at = reserve(value.length); // which may replace the buffer
        System.arraycopy(value, 0, buffer, at, value.length);
        return this;
    }

    /** Half a character would be written as a question mark, and be another text when it is read. */
    CanonicalWriter text(String value) {
        for (int at = 0; at < value.length(); at++) {
            if (Character.isSurrogate(value.charAt(at))) {
                checkPair(value, at++);
            }
        }
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    private static void checkPair(String value, int at) {
        if (at + 1 == value.length() || !Character.isSurrogatePair(value.charAt(at), value.charAt(at + 1))) {
            throw new IllegalArgumentException(
                    "a text must have whole characters, had half of one at " + at + " of " + value.length());
        }
    }

    /** Absent is not the same as empty. */
    CanonicalWriter optional(@Nullable String value) {
        number(value == null ? 0 : 1);
        return value == null ? this : text(value);
    }

    byte[] done() {
        return Arrays.copyOf(buffer, size);
    }
}
