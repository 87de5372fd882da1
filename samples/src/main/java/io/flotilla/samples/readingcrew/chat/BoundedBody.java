package io.flotilla.samples.readingcrew.chat;

import java.io.ByteArrayOutputStream;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;

/** Reads a whole HTTP body, but not more than there is room for, whoever sends it. */
public final class BoundedBody {

    private BoundedBody() {}

    /**
     * The bytes of a body.
     *
     * @return one array, empty for an empty body; {@link MalformedAnswerException} if there are more than {@code
     *     maxBytes}, and the rest is not read
     */
    public static Mono<byte[]> read(ByteBufFlux body, int maxBytes) {
        return body.asByteArray()
                .collect(ByteArrayOutputStream::new, (bytes, more) -> {
                    if (bytes.size() + more.length > maxBytes) {
                        throw new MalformedAnswerException("more than " + maxBytes + " bytes", null);
                    }
                    bytes.writeBytes(more);
                })
                .map(ByteArrayOutputStream::toByteArray);
    }
}
