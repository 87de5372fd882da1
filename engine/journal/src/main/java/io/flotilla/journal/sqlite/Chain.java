package io.flotilla.journal.sqlite;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The hashes by which what was changed is found. A fact's hash is over the hash of the fact in front of it, run id, sequence,
 * type, instant and payload, each text with its length in front; so a fact that was altered, left out or moved fits nowhere.
 *
 * <p>SHA-256 and not a CRC: a chain of CRCs is linear, so two changes can cancel each other out, and 32 bits are few for a
 * file of millions. It costs about a microsecond a fact, an fsync a thousand. There is no key in it: it finds accidents and
 * careless hands, not somebody who computes all hashes anew. Not thread-safe.
 */
final class Chain {

    /** What stands in front of a run's first fact. */
    static final byte[] START = new byte[32];

    private final MessageDigest digest;
    private final ByteBuffer longs = ByteBuffer.allocate(Long.BYTES);

    Chain() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every JDK has SHA-256", missing);
        }
    }

    byte[] fact(byte[] previous, String runId, long sequence, long at, String type, byte[] payload) {
        digest.update((byte) 'f');
        put(previous);
        put(runId);
        put(sequence);
        put(at);
        put(type);
        put(payload);
        return digest.digest();
    }

    byte[] seal(
            long runNo, String runId, long next, long started, long last, String lastType, long bytes, byte[] hash) {
        digest.update((byte) 'r');
        put(runNo);
        put(runId);
        put(next);
        put(started);
        put(last);
        put(lastType);
        put(bytes);
        put(hash);
        return digest.digest();
    }

    private void put(long value) {
        digest.update(longs.putLong(0, value).array());
    }

    private void put(String text) {
        put(text.getBytes(StandardCharsets.UTF_8));
    }

    private void put(byte[] bytes) {
        put((long) bytes.length);
        digest.update(bytes);
    }
}
