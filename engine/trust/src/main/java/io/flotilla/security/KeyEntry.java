package io.flotilla.security;

import io.flotilla.AgentId;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A key for a {@link KeyRing}: its id, the one algorithm that the id stands for, whose it is, and the secret, which nothing
 * shows: no method returns it, no text has it, and it is not serializable. Immutable.
 *
 * @since 0.1
 */
public final class KeyEntry {

    /** The most characters of a key id. */
    public static final int MAX_ID_LENGTH = 64;

    /** The least bytes of an HMAC key. */
    public static final int MIN_HMAC_BYTES = 32;

    private static final int AES_BYTES = 32;

    private final String id;
    private final KeyAlgorithm algorithm;
    private final @Nullable AgentId owner;
    private final KeyMaterial material;

    private KeyEntry(String id, KeyAlgorithm algorithm, @Nullable AgentId owner, KeyMaterial material) {
        this.id = id;
        this.algorithm = algorithm;
        this.owner = owner;
        this.material = material;
    }

    /** Makes a key of its bytes. */
    private interface Maker {
        KeyMaterial make(byte[] bytes) throws GeneralSecurityException;
    }

    private static KeyMaterial make(String id, KeySource source, Maker maker) {
        byte[] bytes = load(id, source);
        if (bytes.length > 0 && isZero(bytes)) {
            throw new KeyUnavailableException(
                    id, "its bytes are zeros, as those of an array that another key was made of before");
        }
        try {
            return maker.make(bytes);
        } catch (GeneralSecurityException | RuntimeException wrong) {
            throw new KeyUnavailableException(id, "its bytes are not those of such a key");
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static byte[] load(String id, KeySource source) {
        byte[] bytes;
        try {
            bytes = source.load();
        } catch (NoSuchKeyException ours) {
            throw new KeyUnavailableException(id, String.valueOf(ours.getMessage()));
        } catch (Throwable thrown) {
            throw new KeyUnavailableException(
                    id, "its source failed with " + thrown.getClass().getName());
        }
        if (bytes == null) {
            throw new KeyUnavailableException(id, "its source returned null");
        }
        return bytes;
    }

    private static boolean isZero(byte[] bytes) {
        int any = 0;
        for (byte each : bytes) {
            any |= each;
        }
        return any == 0;
    }

    private static KeyUnavailableException length(String id, String what, int length) {
        return new KeyUnavailableException(id, what + ", had " + length);
    }

    /**
     * A shared secret that signs within a trust domain.
     *
     * @param id 1 to {@value #MAX_ID_LENGTH} printable ASCII characters, no spaces
     * @param source the secret: {@value #MIN_HMAC_BYTES} bytes or more
     * @return the key, of nobody in particular
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     * @throws KeyUnavailableException if the source fails, or the secret is too short or all zeros
     */
    public static KeyEntry hmac(String id, KeySource source) {
        byte[] secret = load(checkId(id), Objects.requireNonNull(source, "source"));
        int length = secret.length;
        if (length < MIN_HMAC_BYTES) {
            Arrays.fill(secret, (byte) 0);
            throw length(id, "an HMAC key must have " + MIN_HMAC_BYTES + " bytes or more", length);
        }
        return new KeyEntry(id, KeyAlgorithm.HMAC_SHA256, null, make(id, () -> secret, HmacKey::new));
    }

    /**
     * A pair of keys that signs across trust domains.
     *
     * @param id 1 to {@value #MAX_ID_LENGTH} printable ASCII characters, no spaces
     * @param privateKey the private key, encoded as PKCS #8
     * @param publicKey the public key, encoded as X.509
     * @return the key, of nobody in particular
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     * @throws KeyUnavailableException if a source fails, has all zeros, or the keys are no pair
     */
    public static KeyEntry ed25519(String id, KeySource privateKey, KeySource publicKey) {
        byte[] shown = load(checkId(id), Objects.requireNonNull(publicKey, "publicKey"));
        Objects.requireNonNull(privateKey, "privateKey");
        return new KeyEntry(
                id, KeyAlgorithm.ED25519, null, make(id, privateKey, hidden -> Ed25519Key.of(hidden, shown)));
    }

    /**
     * The public key of somebody else: it verifies, and cannot sign.
     *
     * @param id 1 to {@value #MAX_ID_LENGTH} printable ASCII characters, no spaces
     * @param publicKey the public key, encoded as X.509
     * @return the key, of nobody in particular
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     * @throws KeyUnavailableException if the source fails, has all zeros, or has no such key
     */
    public static KeyEntry ed25519Public(String id, KeySource publicKey) {
        checkId(id);
        Objects.requireNonNull(publicKey, "publicKey");
        return new KeyEntry(id, KeyAlgorithm.ED25519, null, make(id, publicKey, shown -> Ed25519Key.of(null, shown)));
    }

    /**
     * A new pair of keys, which ends with the process.
     *
     * @param id 1 to {@value #MAX_ID_LENGTH} printable ASCII characters, no spaces
     * @return the key, of nobody in particular
     * @throws NullPointerException if {@code id} is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     */
    public static KeyEntry generateEd25519(String id) {
        checkId(id);
        try {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            return new KeyEntry(id, KeyAlgorithm.ED25519, null, new Ed25519Key(pair.getPrivate(), pair.getPublic()));
        } catch (GeneralSecurityException never) {
            throw new IllegalStateException("the JDK has Ed25519", never);
        }
    }

    /**
     * A shared secret that encrypts payloads.
     *
     * @param id 1 to {@value #MAX_ID_LENGTH} printable ASCII characters, no spaces
     * @param source the secret: 32 bytes
     * @return the key
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is out of its bounds
     * @throws KeyUnavailableException if the source fails, or the secret has another length or is all zeros
     */
    public static KeyEntry aes(String id, KeySource source) {
        byte[] secret = load(checkId(id), Objects.requireNonNull(source, "source"));
        int length = secret.length;
        if (length != AES_BYTES) {
            Arrays.fill(secret, (byte) 0);
            throw length(id, "an AES-256 key must have " + AES_BYTES + " bytes", length);
        }
        return new KeyEntry(id, KeyAlgorithm.AES_256_GCM, null, make(id, () -> secret, AesKey::new));
    }

    static String checkId(String id) {
        if (Objects.requireNonNull(id, "id").isEmpty() || id.length() > MAX_ID_LENGTH) {
            throw new IllegalArgumentException(
                    "id must have 1 to " + MAX_ID_LENGTH + " characters, had " + id.length());
        }
        if (!id.chars().allMatch(each -> each > ' ' && each <= '~')) {
            throw new IllegalArgumentException("id must be of printable ASCII without spaces");
        }
        return id;
    }

    /**
     * The same key, of one agent: what it signs is believed only if that agent is the sender. A key of nobody in particular
     * speaks for every agent of which the ring has no key for signatures. So an agent's messages that are on their way when
     * its first own key is added are refused: give it one before it sends.
     *
     * @param agent whose it is
     * @return a key of that agent
     * @throws NullPointerException if {@code agent} is null
     */
    public KeyEntry ownedBy(AgentId agent) {
        return new KeyEntry(id, algorithm, Objects.requireNonNull(agent, "agent"), material);
    }

    /**
     * Its name, which messages carry.
     *
     * @return the id
     */
    public String id() {
        return id;
    }

    /**
     * What it is for.
     *
     * @return the algorithm
     */
    public KeyAlgorithm algorithm() {
        return algorithm;
    }

    /**
     * Whose it is.
     *
     * @return null if it is of nobody in particular
     */
    public @Nullable AgentId owner() {
        return owner;
    }

    /**
     * Whether it can sign.
     *
     * @return false for public keys, and for those that encrypt
     */
    public boolean signs() {
        return material.signs();
    }

    KeyMaterial material() {
        return material;
    }

    /** Id, algorithm and owner. */
    @Override
    public String toString() {
        return "key " + id + ", " + algorithm + (owner == null ? "" : ", of " + owner);
    }
}
