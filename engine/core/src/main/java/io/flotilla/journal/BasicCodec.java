package io.flotilla.journal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The codec behind {@link PayloadCodec#basic()}: a tag a value, then its content, big-endian. */
final class BasicCodec implements PayloadCodec {

    static final BasicCodec INSTANCE = new BasicCodec();

    private BasicCodec() {}

    @Override
    public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            write(payload, new DataOutputStream(bytes), redactor, 0);
        } catch (IOException impossible) {
            throw new PayloadException("the payload cannot be written", impossible);
        }
        return checked(bytes.toByteArray());
    }

    private static byte[] checked(byte[] payload) {
        if (payload.length > MAX_BYTES) {
            throw new PayloadException(
                    "a payload must have at most " + MAX_BYTES + " bytes, had " + payload.length, null);
        }
        return payload;
    }

    private static int deeper(int depth) {
        if (depth >= MAX_DEPTH) {
            throw new PayloadException("a payload must be nested at most " + MAX_DEPTH + " deep", null);
        }
        return depth + 1;
    }

    private static void write(@Nullable Object value, DataOutputStream to, UnaryOperator<String> redactor, int depth)
            throws IOException {
        if (value == null) {
            to.writeByte('0');
        } else if (value instanceof Boolean truth) {
            to.writeByte(truth ? 't' : 'f');
        } else if (value instanceof Integer number) {
            to.writeByte('i');
            to.writeInt(number);
        } else if (value instanceof Long number) {
            to.writeByte('l');
            to.writeLong(number);
        } else if (value instanceof Double number) {
            to.writeByte('d');
            to.writeDouble(number);
        } else if (value instanceof BigDecimal number) {
            to.writeByte('b');
            writeText(number.toString(), to);
        } else if (value instanceof String text) {
            writeString(Objects.requireNonNull(redactor.apply(text), "the redactor returned null"), to);
        } else if (value instanceof List<?> list) {
            to.writeByte('[');
            to.writeInt(list.size());
            for (Object item : list) {
                write(item, to, redactor, deeper(depth));
            }
        } else if (value instanceof Map<?, ?> map) {
            to.writeByte('{');
            to.writeInt(map.size());
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String key)) {
                    throw new PayloadException("a map in a payload must have strings for keys", null);
                }
                if (!isWellFormed(key)) {
                    throw new PayloadException("a key of a map in a payload must not have half a surrogate pair", null);
                }
                writeText(key, to);
                write(entry.getValue(), to, redactor, deeper(depth));
            }
        } else {
            throw new PayloadException(
                    "the basic codec does not know " + value.getClass().getName()
                            + "; give the journal a codec that does",
                    null);
        }
    }

    /** A text that was cut between two surrogates has no UTF-8: it is written as it is. */
    private static void writeString(String text, DataOutputStream to) throws IOException {
        if (isWellFormed(text)) {
            to.writeByte('s');
            writeText(text, to);
        } else {
            to.writeByte('u');
            to.writeInt(2 * text.length());
            to.writeChars(text);
        }
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

    private static void writeText(String text, DataOutputStream to) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        to.writeInt(bytes.length);
        to.write(bytes);
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
