package io.flotilla.message;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/** Ids of envelopes: 96 random bits for the process, and a count. */
final class MessageIds {

    private static final String PREFIX = random() + '-';
    private static final AtomicLong COUNT = new AtomicLong();

    private MessageIds() {}

    private static String random() {
        byte[] bits = new byte[12];
        new SecureRandom().nextBytes(bits);
        return HexFormat.of().formatHex(bits);
    }

    static String next() {
        return PREFIX + COUNT.incrementAndGet();
    }
}
