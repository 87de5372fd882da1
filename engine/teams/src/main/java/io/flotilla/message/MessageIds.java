package io.flotilla.message;

import io.flotilla.step.SimulationThread;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/** Ids of envelopes: 96 random bits for the process, and a count. Only counted in a simulated system. */
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
        String simulated = SimulationThread.nextId();
        return simulated != null ? simulated : PREFIX + COUNT.incrementAndGet();
    }
}
