package io.flotilla.journal;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The codec behind {@link PayloadCodec#basic()}: a tag a value, then its content, big-endian. */
final class BasicCodec implements PayloadCodec {

    static final BasicCodec INSTANCE = new BasicCodec();

    private static final int BUFFER = 1024;
    private static final int MAX_KEPT_BUFFER = 16 * BUFFER;

    /** One that nobody writes into; null if it is in use. What was in it is written over, never read. */
    private final AtomicReference<byte @Nullable []> spare = new AtomicReference<>();

    private BasicCodec() {}

    @Override
    public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
        byte[] free = spare.getAndSet(null);
        BasicWriter writer = new BasicWriter(redactor, free == null ? new byte[BUFFER] : free);
        writer.write(payload, 0);
        byte[] bytes = checked(writer.bytes());
        if (writer.buffer().length <= MAX_KEPT_BUFFER) {
            spare.lazySet(writer.buffer());
        }
        return bytes;
    }

    @Override
    public byte[] add(byte[] encoded, String key, long number) {
        return checked(BasicWriter.add(encoded, key, number));
    }

    private static byte[] checked(byte[] payload) {
        if (payload.length > MAX_BYTES) {
            throw new PayloadException(
                    "a payload must have at most " + MAX_BYTES + " bytes, had " + payload.length, null);
        }
        return payload;
    }

    static int deeper(int depth) {
        if (depth >= MAX_DEPTH) {
            throw new PayloadException("a payload must be nested at most " + MAX_DEPTH + " deep", null);
        }
        return depth + 1;
    }

    @Override
    public Map<String, @Nullable Object> decode(byte[] payload) {
        DataInputStream from = new DataInputStream(new ByteArrayInputStream(checked(payload)));
        try {
            if (from.readByte() != '{') {
                throw new PayloadException("the payload is not one of the basic codec", null);
            }
            Map<String, @Nullable Object> map = readMap(from, 0);
            if (from.available() > 0) {
                throw new PayloadException("the payload has " + from.available() + " bytes too many", null);
            }
            return map;
        } catch (IOException torn) {
            throw new PayloadException("the payload is torn", torn);
        }
    }

    private static @Nullable Object read(DataInputStream from, int depth) throws IOException {
        char tag = (char) from.readByte();
        return switch (tag) {
            case '0' -> null;
            case 't' -> true;
            case 'f' -> false;
            case 'i' -> from.readInt();
            case 'l' -> from.readLong();
            case 'd' -> from.readDouble();
            case 'b' -> readDecimal(from);
            case 's' -> readText(from);
            case 'u' -> readChars(from);
            case '[' -> {
                int size = size(from);
                List<@Nullable Object> list = new ArrayList<>(Math.min(size, 1_000));
                for (int at = 0; at < size; at++) {
                    list.add(read(from, deeper(depth)));
                }
                yield list;
            }
            case '{' -> readMap(from, depth);
            default -> throw new PayloadException("the payload has an unknown tag, " + (int) tag, null);
        };
    }

    private static Map<String, @Nullable Object> readMap(DataInputStream from, int depth) throws IOException {
        int size = size(from);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int at = 0; at < size; at++) {
            map.put(readText(from), read(from, deeper(depth)));
        }
        return map;
    }

    /** No more than there are bytes left: a torn length must not take the memory. */
    private static int size(DataInputStream from) throws IOException {
        int size = from.readInt();
        if (size < 0 || size > from.available()) {
            throw new PayloadException("the payload is torn, it has a length of " + size, null);
        }
        return size;
    }

    private static String readText(DataInputStream from) throws IOException {
        byte[] bytes = new byte[size(from)];
        from.readFully(bytes);
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }

    private static String readChars(DataInputStream from) throws IOException {
        char[] chars = new char[size(from) / 2];
        for (int at = 0; at < chars.length; at++) {
            chars[at] = from.readChar();
        }
        return new String(chars);
    }

    private static BigDecimal readDecimal(DataInputStream from) throws IOException {
        String text = readText(from);
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException torn) {
            throw new PayloadException("the payload is torn, it has a number that is none", null);
        }
    }
}
