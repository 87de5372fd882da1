package io.flotilla.inspector;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** The secret that a caller has to know; only its hash is kept. Immutable. */
final class Token {

    static final int MIN_LENGTH = 16;
    static final int MAX_LENGTH = 1_024;

    private final byte[] hash;

    private Token(byte[] hash) {
        this.hash = hash;
    }

    static Token of(String secret) {
        if (secret.length() < MIN_LENGTH || secret.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "token must have " + MIN_LENGTH + " to " + MAX_LENGTH + " characters, had " + secret.length());
        }
        if (!secret.chars().allMatch(unit -> unit > ' ' && unit <= '~')) {
            throw new IllegalArgumentException("token must be of printable ASCII without spaces, as headers are");
        }
        return new Token(hash(secret));
    }

    /** Takes as long for every header: what is compared are hashes, to their ends. */
    boolean isIn(@Nullable String authorization) {
        String scheme = "Bearer ";
        String header = authorization == null ? "" : authorization;
        boolean isBearer = header.regionMatches(true, 0, scheme, 0, scheme.length());
        String given = isBearer ? header.substring(scheme.length()).strip() : "";
        return MessageDigest.isEqual(hash, hash(given));
    }

    private static byte[] hash(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException("every JDK has SHA-256", none);
        }
    }

    /** Nothing of it. */
    @Override
    public String toString() {
        return "Token";
    }
}
