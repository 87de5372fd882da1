package io.flotilla.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Objects;

/**
 * Where the bytes of a key come from: a file, the environment, or your vault, as a lambda. Called once for each {@link
 * KeyEntry}, on the thread that makes it; may block.
 *
 * <p>What your lambda throws is not passed on, since the text may have the key in it: {@link KeyUnavailableException} names the key
 * id and the class of what was thrown. Of the sources here it names the variable or the file.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface KeySource {

    /** The number of bytes of {@link #random()}. */
    int RANDOM_BYTES = 32;

    /**
     * Loads the key.
     *
     * @return its bytes, in an array of their own: the library overwrites it with zeros when it has made the key of them, and
     *     refuses one that is all zeros
     * @throws Exception if it cannot be had
     */
    byte[] load() throws Exception;

    /**
     * A key in an environment variable, as Base64 (the basic or the URL alphabet) or PEM.
     *
     * @param variable the name of the variable
     * @return a source that fails if the variable is not set
     * @throws NullPointerException if {@code variable} is null
     */
    static KeySource environment(String variable) {
        Objects.requireNonNull(variable, "variable");
        return () -> {
            String text = System.getenv(variable);
            if (text == null) {
                throw new NoSuchKeyException("the environment variable " + variable + " is not set");
            }
            return KeyText.decode(text);
        };
    }

    /**
     * A key in a text file, as Base64 (the basic or the URL alphabet) or PEM.
     *
     * @param file the file; who may read it is up to you
     * @return a source that fails if the file cannot be read
     * @throws NullPointerException if {@code file} is null
     */
    static KeySource file(Path file) {
        Objects.requireNonNull(file, "file");
        return () -> {
            byte[] text = read(file);
            try {
                return KeyText.decode(new String(text, StandardCharsets.ISO_8859_1));
            } finally {
                Arrays.fill(text, (byte) 0);
            }
        };
    }

    private static byte[] read(Path file) throws NoSuchKeyException {
        byte[] text;
        try (InputStream from = Files.newInputStream(file)) { // whatever its size is said to be
            text = from.readNBytes(KeyText.MAX_LENGTH + 1);
        } catch (IOException unreadable) {
            throw new NoSuchKeyException("the file " + file + " cannot be read, "
                    + unreadable.getClass().getName());
        }
        if (text.length > KeyText.MAX_LENGTH) {
            Arrays.fill(text, (byte) 0);
            throw new NoSuchKeyException("the file " + file + " is too long for a key");
        }
        return text;
    }

    /**
     * A key as Base64 (the basic or the URL alphabet) or PEM.
     *
     * @param text the key
     * @return a source of it
     * @throws NullPointerException if {@code text} is null
     */
    static KeySource base64(String text) {
        Objects.requireNonNull(text, "text");
        return () -> KeyText.decode(text);
    }

    /**
     * A new random secret at every call, of {@value #RANDOM_BYTES} bytes: for tests, and for what need not be verified after
     * the process has ended.
     *
     * @return a source of secrets for HMAC and AES keys
     */
    static KeySource random() {
        return () -> {
            byte[] secret = new byte[RANDOM_BYTES];
            new SecureRandom().nextBytes(secret);
            return secret;
        };
    }
}
