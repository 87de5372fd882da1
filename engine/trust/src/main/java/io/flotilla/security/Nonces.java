package io.flotilla.security;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** What occurs once: 64 random bits for the process, and a count. */
final class Nonces {

    private static final long PREFIX = new SecureRandom().nextLong();
    private static final AtomicLong COUNT = new AtomicLong();

    private Nonces() {}

    static byte[] next() {
        return ByteBuffer.allocate(SignedMessage.NONCE_BYTES)
                .putLong(PREFIX)
                .putLong(COUNT.incrementAndGet())
                .array();
    }
}
