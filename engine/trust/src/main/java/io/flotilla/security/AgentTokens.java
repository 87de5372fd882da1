package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Issues and verifies tokens of agents: short texts by which an agent shows elsewhere who it is, such as in an HTTP header. Subject,
 * audience, issue and expiry are inside what is signed, so nothing has to be stored to verify one.
 *
 * <pre>{@code
 * AgentTokens tokens = AgentTokens.builder(ring).build();
 * String token = tokens.issue(AgentId.of("planner"), "billing", Duration.ofMinutes(5));
 * AgentToken verified = tokens.verify(token, "billing");
 * }</pre>
 *
 * <p>Whoever has a token can use it until it expires: keep the duration short, and the token a secret. A token cannot be revoked before but
 * by removing its key.
 *
 * <p>Immutable, thread-safe.
 *
 * @since 0.1
 */
public final class AgentTokens {

    /** The most characters of an audience. */
    public static final int MAX_AUDIENCE_LENGTH = 200;

    /** The most characters of a token that is looked at. */
    public static final int MAX_LENGTH = 4_096;

    private static final String MAGIC = "flotilla token 1";

    private final KeyRing ring;
    private final Verifier verifier;

    private AgentTokens(Builder from) {
        this.ring = from.ring;
        this.verifier = Verifier.builder(from.ring)
                .clock(from.clock)
                .maxSkew(from.maxSkew)
                .maxLifetime(from.maxLifetime)
                .build();
    }

    /**
     * Starts tokens.
     *
     * @param ring the keys that sign, and that are believed
     * @return a builder with all defaults
     * @throws NullPointerException if {@code ring} is null
     */
    public static Builder builder(KeyRing ring) {
        return new Builder(Objects.requireNonNull(ring, "ring"));
    }

    Duration maxLifetime() {
        return verifier.maxLifetime;
    }

    /**
     * Issues a token.
     *
     * @param subject the agent that it is of
     * @param audience whom it is for: 1 to {@value #MAX_AUDIENCE_LENGTH} characters
     * @param duration how long it is valid; more than zero, at most the longest
     * @return the token: Base64 of the URL alphabet
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code audience} or {@code duration} is out of its bounds
     * @throws KeyUnavailableException if the ring has no key for the agent
     */
    public String issue(AgentId subject, String audience, Duration duration) {
        checkAudience(audience);
        if (Bounds.positive("duration", duration).compareTo(verifier.maxLifetime) > 0) {
            throw new IllegalArgumentException(
                    "duration must be at most " + verifier.maxLifetime + ", was " + duration);
        }
        KeyEntry key = ring.signing(Objects.requireNonNull(subject, "subject"));
        long now = Bounds.nanos(verifier.clock.instant());
        byte[] content = new CanonicalWriter(MAGIC)
                .text(key.id())
                .number(key.algorithm().code())
                .bytes(Nonces.next())
                .text(subject.toString())
                .text(audience)
                .number(now)
                .number(now + duration.toNanos())
                .done();
        byte[] signature = Objects.requireNonNull(key.material().sign(content), "the ring's keys for signing sign");
        byte[] token =
                new CanonicalWriter(MAGIC).bytes(content).bytes(signature).done();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
    }

    static void checkAudience(String audience) {
        int length = Objects.requireNonNull(audience, "audience").length();
        if (length < 1 || length > MAX_AUDIENCE_LENGTH) {
            throw new IllegalArgumentException(
                    "audience must have 1 to " + MAX_AUDIENCE_LENGTH + " characters, had " + length);
        }
    }

    /**
     * Verifies a token.
     *
     * @param token what {@link #issue} has returned, here or elsewhere
     * @param audience who verifies
     * @return what it says
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code audience} is out of its bounds
     * @throws RefusedException if it is refused: {@code TOO_LARGE}, {@code MALFORMED}, {@code UNKNOWN_KEY}, {@code ALTERED},
     *     {@code RETIRED_KEY}, {@code WRONG_SENDER}, {@code MISDIRECTED} for another audience, {@code EARLY}, {@code
     *     EXPIRED}, {@code LONG_LIVED}; nothing of the token is in the exception but names
     */
    public AgentToken verify(String token, String audience) {
        checkAudience(audience);
        Instant now = verifier.clock.instant();
        CanonicalReader outer = new CanonicalReader(decode(token), MAGIC);
        byte[] content = outer.bytes();
        byte[] signature = outer.bytes();
        outer.end();

        CanonicalReader from = new CanonicalReader(content, MAGIC);
        String keyId = from.text();
        int algorithm = from.number();
        byte[] id = from.bytes();
        String subject = from.text();
        String wanted = from.text();
        long issuedAt = from.longNumber();
        long expiresAt = from.longNumber();
        from.end();

        KeyEntry key = verifier.verified(keyId, algorithm, content, signature, Bounds.instant(issuedAt), now);
        AgentId agent = agent(subject);
        verifier.checkOwner(key, agent);
        if (!wanted.equals(audience)) {
            throw new RefusedException(Refusal.MISDIRECTED, "the token is for another audience than " + audience);
        }
        verifier.checkTime(issuedAt, expiresAt, Bounds.nanos(now));
        return new AgentToken(
                HexFormat.of().formatHex(id),
                agent,
                audience,
                Bounds.instant(issuedAt),
                Bounds.instant(expiresAt),
                keyId);
    }

    /** The decoder ignores the bits that are left over in the last character: only one form of a token is accepted. */
    private static byte[] decode(String token) {
        if (token.length() > MAX_LENGTH) {
            throw new RefusedException(
                    Refusal.TOO_LARGE,
                    "a token must have at most " + MAX_LENGTH + " characters, had " + token.length());
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(token);
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(token)) {
                return bytes;
            }
        } catch (IllegalArgumentException wrong) {
            // what it says has the token's characters in it
        }
        throw CanonicalReader.malformed("it is not Base64 of the URL alphabet");
    }

    private static AgentId agent(String subject) {
        try {
            return AgentId.of(subject);
        } catch (IllegalArgumentException wrong) {
            throw CanonicalReader.malformed("its subject is no agent");
        }
    }

    /** The bounds, and the ring without what is secret. */
    @Override
    public String toString() {
        return "AgentTokens[maxSkew=" + verifier.maxSkew + ", maxLifetime=" + verifier.maxLifetime + ", " + ring + "]";
    }

    /** Makes tokens. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final KeyRing ring;
        private InstantSource clock = InstantSource.system();
        private Duration maxSkew = Verifier.DEFAULT_MAX_SKEW;
        private Duration maxLifetime = Duration.ofHours(1);

        private Builder(KeyRing ring) {
            this.ring = ring;
        }

        /**
         * The clock of issuing and verifying.
         *
         * @param source default the system's
         * @return this
         * @throws NullPointerException if {@code source} is null
         */
        public Builder clock(InstantSource source) {
            this.clock = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * How far the clocks of issuer and verifier may be apart.
         *
         * @param skew zero or more, at most 10,000 days; default 5 s
         * @return this
         * @throws NullPointerException if {@code skew} is null
         * @throws IllegalArgumentException if {@code skew} is out of its bounds
         */
        public Builder maxSkew(Duration skew) {
            this.maxSkew = Bounds.notNegative("maxSkew", skew);
            return this;
        }

        /**
         * The longest time from issue to expiry, here and in what is verified.
         *
         * @param lifetime more than zero, at most 10,000 days; default 1 hour
         * @return this
         * @throws NullPointerException if {@code lifetime} is null
         * @throws IllegalArgumentException if {@code lifetime} is out of its bounds
         */
        public Builder maxLifetime(Duration lifetime) {
            this.maxLifetime = Bounds.positive("maxLifetime", lifetime);
            return this;
        }

        /**
         * Makes the tokens.
         *
         * @return new tokens
         */
        public AgentTokens build() {
            return new AgentTokens(this);
        }
    }
}
