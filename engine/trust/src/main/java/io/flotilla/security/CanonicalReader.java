package io.flotilla.security;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads what {@link CanonicalWriter} writes, and nothing else: what it accepts has one form only. Not thread-safe. */
final class CanonicalReader {

    private final ByteBuffer from;

    CanonicalReader(byte[] content, String magic) {
        this.from = ByteBuffer.wrap(content);
        if (!text().equals(magic)) {
            throw malformed("it is not one, or of another version");
        }
    }

    static RefusedException malformed(String what) {
        return new RefusedException(Refusal.MALFORMED, what);
    }

    int number() {
        try {
            return from.getInt();
        } catch (BufferUnderflowException torn) {
            throw malformed("it is torn");
        }
    }

    long longNumber() {
        try {
            return from.getLong();
        } catch (BufferUnderflowException torn) {
            throw malformed("it is torn");
        }
    }

    byte[] bytes() {
        int length = number();
        if (length < 0 || length > from.remaining()) {
            throw malformed("it is torn");
        }
        byte[] value = new byte[length];
        from.get(value);
        return value;
    }

    String text() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes()))
                    .toString();
        } catch (CharacterCodingException wrong) {
            throw malformed("a text is not UTF-8");
        }
    }

    @Nullable String optional() {
        int present = number();
        if (present != 0 && present != 1) {
            throw malformed("a field is neither there nor absent");
        }
        return present == 0 ? null : text();
    }

    void end() {
        if (from.hasRemaining()) {
            throw malformed("there are " + from.remaining() + " bytes too many");
        }
    }
}
