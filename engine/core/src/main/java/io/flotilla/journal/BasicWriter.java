package io.flotilla.journal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes one payload as the {@link BasicCodec} reads it. Every fact of a run goes through here: bytes go straight into one
 * array, and a text of ASCII is looked at once. Not thread-safe.
 */
final class BasicWriter {

    private static final VarHandle CHAR = MethodHandles.byteArrayViewVarHandle(char[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final UnaryOperator<String> redactor;
    private byte[] buffer;
    private int size;

    /** Writes into the buffer, or into a larger one: {@link #buffer()} has it. */
    BasicWriter(UnaryOperator<String> redactor, byte[] buffer) {
        this.redactor = redactor;
        this.buffer = buffer;
    }

    /** A payload with one more key, at its end. */
    static byte[] add(byte[] payload, String key, long number) {
        if (payload.length < 1 + Integer.BYTES || payload[0] != '{') {
            throw new PayloadException("the payload is not one of the basic codec", null);
        }
        int expected = payload.length + Integer.BYTES + key.length() + 1 + Long.BYTES;
        BasicWriter writer = new BasicWriter(UnaryOperator.identity(), Arrays.copyOf(payload, expected));
        writer.size = payload.length;
        INT.set(writer.buffer, 1, (int) INT.get(payload, 1) + 1);
        writer.writeKey(key);
        writer.tag('l');
        writer.writeLong(number);
        return writer.size == writer.buffer.length ? writer.buffer : writer.bytes();
    }

    byte[] bytes() {
        return Arrays.copyOf(buffer, size);
    }

    byte[] buffer() {
        return buffer;
    }

    void write(@Nullable Object value, int depth) {
        if (value instanceof String text) {
            writeString(Objects.requireNonNull(redactor.apply(text), "the redactor returned null"));
        } else if (value instanceof Long number) {
            tag('l');
            writeLong(number);
        } else if (value instanceof Integer number) { // final classes first: a look for an interface takes longer
            tag('i');
            writeInt(number);
        } else if (value instanceof Map<?, ?> map) {
            tag('{');
            writeInt(map.size());
            map.forEach((key, item) -> {
                writeKey(key);
                write(item, BasicCodec.deeper(depth));
            });
        } else if (value instanceof List<?> list) {
            tag('[');
            writeInt(list.size());
            for (Object item : list) {
                write(item, BasicCodec.deeper(depth));
            }
        } else {
            writeRare(value);
        }
    }

    private void writeRare(@Nullable Object value) {
        if (value == null) {
            tag('0');
        } else if (value instanceof Boolean truth) {
            tag(truth ? 't' : 'f');
        } else if (value instanceof Double number) {
            tag('d');
            writeLong(Double.doubleToLongBits(number));
        } else if (value instanceof BigDecimal number) {
            tag('b');
            writeEncoded(number.toString().getBytes(StandardCharsets.UTF_8));
        } else {
            throw new PayloadException(
                    "the basic codec does not know " + value.getClass().getName()
                            + "; give the journal a codec that does",
                    null);
        }
    }

    private void writeKey(@Nullable Object key) {
        if (!(key instanceof String text)) {
            throw new PayloadException("a map in a payload must have strings for keys", null);
        }
        byte[] known = KnownKey.find(text);
        if (known == null) {
            writeNewKey(text);
        } else {
            reserve(known.length);
            System.arraycopy(known, 0, buffer, size, known.length);
            size += known.length;
        }
    }

    private void writeNewKey(String text) {
        int start = size;
        if (!writeAscii(text)) {
            if (!isWellFormed(text)) {
                throw new PayloadException("a key of a map in a payload must not have half a surrogate pair", null);
            }
            writeEncoded(text.getBytes(StandardCharsets.UTF_8));
        }
        KnownKey.keep(text, buffer, start, size);
    }

    /** A short key as it is written. The same few stand in every fact; of others the latest are kept. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the class
    private record KnownKey(String text, byte[] written) {

        private static final int MAX_LENGTH = 32;
        private static final KnownKey[] KNOWN = new KnownKey[256];

        private static byte @Nullable [] find(String text) {
            KnownKey known = KNOWN[text.hashCode() & KNOWN.length - 1];
            return known != null && known.text.equals(text) ? known.written : null;
        }

        private static void keep(String text, byte[] buffer, int from, int to) {
            if (text.length() <= MAX_LENGTH) { // a race is won by either: each is whole
                KNOWN[text.hashCode() & KNOWN.length - 1] = new KnownKey(text, Arrays.copyOfRange(buffer, from, to));
            }
        }
    }

    /** A text that was cut between two surrogates has no UTF-8: it is written as it is. */
    private void writeString(String text) {
        tag('s');
        if (writeAscii(text)) {
            return;
        }
        if (isWellFormed(text)) {
            writeEncoded(text.getBytes(StandardCharsets.UTF_8));
        } else {
            buffer[size - 1] = 'u';
            writeInt(2 * text.length());
            for (int at = 0; at < text.length(); at++) {
                writeChar(text.charAt(at));
            }
        }
    }

    /** Writes a text of ASCII, or nothing if it is of something else too. */
    private boolean writeAscii(String text) {
        int length = text.length();
        reserve(Integer.BYTES + length);
        int to = size + Integer.BYTES;
        for (int at = 0; at < length; at++) {
            char unit = text.charAt(at);
            if (unit >= 0x80) {
                return false;
            }
            buffer[to + at] = (byte) unit;
        }
        writeInt(length);
        size += length;
        return true;
    }

    private static boolean isWellFormed(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (Character.isSurrogate(text.charAt(at))) {
                if (at + 1 == text.length() || !Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1))) {
                    return false;
                }
                at++;
            }
        }
        return true;
    }

    // --- bytes, big-endian

    private void writeEncoded(byte[] bytes) {
        writeInt(bytes.length);
        reserve(bytes.length);
        System.arraycopy(bytes, 0, buffer, size, bytes.length);
        size += bytes.length;
    }

    private void tag(char tag) {
        reserve(1);
        buffer[size++] = (byte) tag;
    }

    private void writeChar(char unit) {
        reserve(Character.BYTES);
        CHAR.set(buffer, size, unit);
        size += Character.BYTES;
    }

    private void writeInt(int number) {
        reserve(Integer.BYTES);
        INT.set(buffer, size, number);
        size += Integer.BYTES;
    }

    private void writeLong(long number) {
        reserve(Long.BYTES);
        LONG.set(buffer, size, number);
        size += Long.BYTES;
    }

    private void reserve(int more) {
        if (more > buffer.length - size) {
            long needed = (long) size + more;
            if (needed > Integer.MAX_VALUE / 2) {
                throw new PayloadException(
                        "a payload must have at most " + PayloadCodec.MAX_BYTES + " bytes, had " + needed + " or more",
                        null);
            }
            buffer = Arrays.copyOf(buffer, (int) Math.max(needed, 2L * buffer.length));
        }
    }
}
