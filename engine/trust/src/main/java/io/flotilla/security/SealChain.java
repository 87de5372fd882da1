package io.flotilla.security;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one run, one after the other, each sealed with a keyed hash over itself and the seal before. Not thread-safe.
 *
 * <p>A sealed payload has {@value #OVERHEAD} bytes more than the payload, encrypted or not: a version, the tags of the sealing
 * and the encrypting key, room for what AES-GCM adds, and the seal.
 */
final class SealChain {

    static final int SEAL_BYTES = 32;
    static final int OVERHEAD = 1 + 2 * SealKeys.TAG_BYTES + AesKey.OVERHEAD + SEAL_BYTES;

    private static final String MAGIC = "flotilla journal entry 1";
    private static final byte VERSION = 1;
    private static final int BODY = 1 + 2 * SealKeys.TAG_BYTES;
    private static final byte[] NO_TAG = new byte[SealKeys.TAG_BYTES];

    private final SealKeys keys;
    private final String runId;

    /** The seal of the entry before; zeros before the first. */
    private byte[] last;

    SealChain(SealKeys keys, String runId, byte[] last) {
        this.keys = keys;
        this.runId = runId;
        this.last = last;
    }

    static byte[] beginning() {
        return new byte[SEAL_BYTES];
    }

    /** The seal of an entry as it is stored; null if it has none. */
    static byte @Nullable [] sealOf(JournalEntry stored) {
        byte[] payload = stored.payload();
        return payload.length < OVERHEAD || payload[0] != VERSION
                ? null
                : Arrays.copyOfRange(payload, payload.length - SEAL_BYTES, payload.length);
    }

    byte[] last() {
        return last;
    }

    private CanonicalWriter context(JournalEntry entry) {
        Instant at = entry.timestamp();
        CanonicalWriter to = new CanonicalWriter(MAGIC).text(runId).number(entry.sequence());
        return to.number(at.getEpochSecond()).number(at.getNano()).text(entry.type());
    }

    /** Over the context, the seal before, and all of the entry but the place of its own seal. */
    private byte[] seal(SealKeys.SealKey key, CanonicalWriter context, byte[] sealedBytes) {
        int length = sealedBytes.length - SEAL_BYTES;
        return key.mac().mac(context.bytes(last).number(length).done(), sealedBytes, length);
    }

    JournalEntry seal(JournalEntry entry, boolean isEncrypting) {
        SealKeys.SealKey key = keys.current(KeyAlgorithm.HMAC_SHA256);
        byte[] payload = entry.payload();
        ByteBuffer sealedBytes = ByteBuffer.allocate(payload.length + OVERHEAD);
        sealedBytes.put(VERSION).put(key.tag());
        CanonicalWriter context = context(entry);
        if (isEncrypting) {
            SealKeys.SealKey encryption = keys.current(KeyAlgorithm.AES_256_GCM);
            AesKey material = (AesKey) encryption.entry().material();
            sealedBytes.put(encryption.tag()).put(material.encrypt(payload, context.done()));
        } else {
            sealedBytes.put(NO_TAG).put(new byte[AesKey.OVERHEAD]).put(payload);
        }
        last = seal(key, context, sealedBytes.array());
        sealedBytes.put(last);
        return new JournalEntry(entry.sequence(), entry.timestamp(), entry.type(), sealedBytes.array());
    }

    /** Checks the next entry, and opens it. */
    JournalEntry open(JournalEntry stored) {
        byte[] sealedBytes = stored.payload();
        byte[] own = sealOf(stored);
        if (own == null) {
            throw corrupted(stored, "it has no seal");
        }
        SealKeys.SealKey key =
                keys.find(KeyAlgorithm.HMAC_SHA256, Arrays.copyOfRange(sealedBytes, 1, 1 + SealKeys.TAG_BYTES));
        if (key == null) {
            throw new JournalSealException(runId, stored.sequence(), "has sealed it");
        }
        if (!MessageDigest.isEqual(seal(key, context(stored), sealedBytes), own)) {
            throw corrupted(stored, "its seal is not that of what it says and of the entries before it");
        }
        last = own;
        byte[] payload = payload(stored, sealedBytes);
        return new JournalEntry(stored.sequence(), stored.timestamp(), stored.type(), payload);
    }

    private byte[] payload(JournalEntry stored, byte[] sealedBytes) {
        byte[] tag = Arrays.copyOfRange(sealedBytes, 1 + SealKeys.TAG_BYTES, BODY);
        byte[] body = Arrays.copyOfRange(sealedBytes, BODY, sealedBytes.length - SEAL_BYTES);
        if (MessageDigest.isEqual(tag, NO_TAG)) {
            return Arrays.copyOfRange(body, AesKey.OVERHEAD, body.length);
        }
        SealKeys.SealKey key = keys.find(KeyAlgorithm.AES_256_GCM, tag);
        if (key == null) {
            throw new JournalSealException(runId, stored.sequence(), "has encrypted it");
        }
        byte[] payload =
                ((AesKey) key.entry().material()).decrypt(body, context(stored).done());
        if (payload == null) {
            throw corrupted(stored, "it cannot be decrypted");
        }
        return payload;
    }

    JournalCorruptedException corrupted(JournalEntry entry, String what) {
        return new JournalCorruptedException(runId, entry.sequence(), what, null);
    }
}
