package io.flotilla.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts with AES-256-GCM. Each text has a key of its own, made of the secret and {@value #SALT_BYTES} random bytes that
 * stand before the text. So the IV may be the same each time, and there is no number of texts after which the secret has to be
 * exchanged, as there is with random IVs of 12 bytes.
 */
final class AesKey implements KeyMaterial {

    static final int SALT_BYTES = 24;
    static final int TAG_BYTES = 16;

    /** What a text grows by. */
    static final int OVERHEAD = SALT_BYTES + TAG_BYTES;

    private static final byte[] PURPOSE = "flotilla encrypt 1".getBytes(StandardCharsets.US_ASCII);
    private static final GCMParameterSpec IV = new GCMParameterSpec(8 * TAG_BYTES, new byte[12]);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final HmacKey secret;

    /** Taken by whoever is first, and put back after use: looking one up takes longer than a short text. */
    private final AtomicReference<@Nullable Cipher> idle = new AtomicReference<>();

    AesKey(byte[] secret) throws GeneralSecurityException {
        this.secret = new HmacKey(secret);
    }

    byte[] encrypt(byte[] text, byte[] context) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        byte[] encrypted = new byte[OVERHEAD + text.length];
        System.arraycopy(salt, 0, encrypted, 0, SALT_BYTES);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, salt, context);
            cipher.doFinal(text, 0, text.length, encrypted, SALT_BYTES);
            idle.set(cipher);
            return encrypted;
        } catch (GeneralSecurityException never) {
            throw new IllegalStateException("the JDK's AES/GCM encrypts", never);
        }
    }

    /** Null if it was not encrypted by this key in this context, or has been changed. */
    byte @Nullable [] decrypt(byte[] encrypted, byte[] context) {
        if (encrypted.length < OVERHEAD) {
            return null;
        }
        byte[] salt = Arrays.copyOf(encrypted, SALT_BYTES);
        try {
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, salt, context);
            byte[] text = cipher.doFinal(encrypted, SALT_BYTES, encrypted.length - SALT_BYTES);
            idle.set(cipher);
            return text;
        } catch (GeneralSecurityException other) {
            return null;
        }
    }

    private Cipher cipher(int mode, byte[] salt, byte[] context) throws GeneralSecurityException {
        byte[] own = secret.mac(PURPOSE, salt);
        Cipher last = idle.getAndSet(null);
        Cipher cipher = last == null ? Cipher.getInstance("AES/GCM/NoPadding") : last;
        cipher.init(mode, new SecretKeySpec(own, "AES"), IV);
        cipher.updateAAD(context);
        return cipher;
    }

    @Override
    public byte[] derive(byte[] purpose) {
        return secret.mac(purpose);
    }

    @Override
    public String toString() {
        return "AesKey";
    }
}
