package io.flotilla.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a ring, as journals use them: secrets made for that purpose alone, each with a tag that says which one it is,
 * and of which nothing of the secret can be computed.
 */
final class SealKeys {

    static final int TAG_BYTES = 8;

    private static final byte[] PURPOSE = "flotilla journal 1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TAG = "tag".getBytes(StandardCharsets.US_ASCII);

    /** A key and its tag. */
    @SuppressWarnings("ArrayRecordComponent") // never compared by equals, never leaves the package
    record SealKey(KeyEntry entry, HmacKey mac, byte[] tag) {}

    private final KeyRing ring;
    private final Map<KeyEntry, SealKey> made = new ConcurrentHashMap<>();

    SealKeys(KeyRing ring) {
        this.ring = ring;
    }

    /** What seals or encrypts now. */
    SealKey current(KeyAlgorithm algorithm) {
        return of(ring.current(algorithm));
    }

    /** Retired ones too, of nobody in particular; null if the ring has none of this tag. */
    @Nullable SealKey find(KeyAlgorithm algorithm, byte[] tag) {
        for (KeyEntry entry : ring.shared(algorithm)) {
            SealKey key = of(entry);
            if (MessageDigest.isEqual(key.tag(), tag)) {
                return key;
            }
        }
        return null;
    }

    private SealKey of(KeyEntry entry) {
        SealKey known = made.get(entry);
        return known != null ? known : made.computeIfAbsent(entry, SealKeys::make);
    }

    private static SealKey make(KeyEntry entry) {
        byte[] secret = Objects.requireNonNull(entry.material().derive(PURPOSE), "shared secrets have others");
        try {
            HmacKey mac = new HmacKey(secret);
            return new SealKey(entry, mac, Arrays.copyOf(mac.mac(TAG), TAG_BYTES));
        } catch (GeneralSecurityException never) {
            throw new IllegalStateException("the JDK has HmacSHA256", never);
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }
}
