package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.message.Envelope;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Verifies signed envelopes: the key, the signature, the address, the sender, the time, the payload. Whether the sender may
 * use its edge, and whether the message has been here before, a {@link Trust} says.
 *
 * <p>Immutable, thread-safe.
 *
 * @since 0.1
 */
public final class Verifier {

    /** The default of {@link Builder#maxSkew}. */
    public static final Duration DEFAULT_MAX_SKEW = Duration.ofSeconds(5);

    /** The default of {@link Builder#maxLifetime}. */
    public static final Duration DEFAULT_MAX_LIFETIME = Duration.ofMinutes(5);

    /** The default of {@link Builder#maxBytes}. */
    public static final int DEFAULT_MAX_BYTES = 1024 * 1024;

    /** The default of {@link Builder#maxDepth}. */
    public static final int DEFAULT_MAX_DEPTH = 32;

    final KeyRing ring;
    final InstantSource clock;
    final Duration maxSkew;
    final Duration maxLifetime;
    final PayloadCodec codec;
    final boolean requiresEncryption;
    private final int maxBytes;
    private final int maxDepth;
    final @Nullable String run;

    private Verifier(Builder from) {
        this.ring = from.ring;
        this.clock = from.clock;
        this.maxSkew = from.maxSkew;
        this.maxLifetime = from.maxLifetime;
        this.codec = from.codec;
        this.requiresEncryption = from.requiresEncryption;
        this.maxBytes = from.maxBytes;
        this.maxDepth = from.maxDepth;
        this.run = from.run;
    }

    /**
     * Starts a verifier.
     *
     * @param ring the keys that are believed
     * @return a builder with all defaults
     * @throws NullPointerException if {@code ring} is null
     */
    public static Builder builder(KeyRing ring) {
        return new Builder(Objects.requireNonNull(ring, "ring"));
    }

    /**
     * Verifies an envelope, and opens it.
     *
     * @param envelope what a {@link Signer} has signed
     * @return the same envelope with its payload; {@link Verified#of} says what was verified
     * @throws NullPointerException if {@code envelope} is null
     * @throws RefusedException if it is not what it claims to be; nothing of its payload is in the exception
     */
    public Envelope verify(Envelope envelope) {
        return open(envelope, check(envelope, clock.instant()));
    }

    private static RefusedException refused(Refusal refusal, String what) {
        return new RefusedException(refusal, what);
    }

    // --- all but the payload

    Checked check(Envelope envelope, Instant instant) {
        if (!(envelope.payload() instanceof SignedMessage message)) {
            throw refused(Refusal.UNSIGNED, "it has no signature");
        }
        if (message.size() > maxBytes) {
            throw refused(Refusal.TOO_LARGE, "a message must have at most " + maxBytes + " B, had " + message.size());
        }
        SignedMessage.Fields fields = message.fields();
        KeyEntry key = verified(
                fields.keyId(),
                fields.algorithm(),
                message.content(),
                message.signature(),
                message.issuedAt(),
                instant);
        checkAddress(envelope, fields);
        checkOwner(key, fields.address().from());
        checkTime(fields.issuedAt(), fields.expiresAt(), Bounds.nanos(instant));
        return new Checked(envelope.id(), message, key);
    }

    /** The algorithm that is named is checked against the key's, never chosen by it. */
    KeyEntry verified(String id, int algorithm, byte[] content, byte[] signature, Instant issuedAt, Instant now) {
        KeyRing.Held held = ring.find(id);
        if (held == null || held.key().algorithm().signatureLength() == 0) {
            throw refused(Refusal.UNKNOWN_KEY, "the ring has no key for signatures of the id that it names");
        }
        KeyEntry key = held.key();
        if (key.algorithm().code() != algorithm) {
            throw refused(Refusal.UNKNOWN_KEY, "key " + id + " is for another algorithm");
        }
        if (signature.length != key.algorithm().signatureLength()
                || !key.material().verifies(content, signature)) {
            throw refused(Refusal.ALTERED, "it is not what key " + id + " has signed");
        }
        if (!ring.isBelieved(held, issuedAt, now, maxSkew)) {
            throw refused(Refusal.RETIRED_KEY, "key " + id + " is retired");
        }
        return key;
    }

    private void checkAddress(Envelope envelope, SignedMessage.Fields fields) {
        Edge address = fields.address();
        Edge taken = Edge.of(envelope);
        if (!address.from().equals(taken.from())
                || !fields.correlationId().equals(envelope.correlationId())
                || !Objects.equals(fields.causationId(), envelope.causationId())
                || !fields.headers().equals(envelope.headers())) {
            throw refused(Refusal.ALTERED, "the envelope around it is not the one that was signed");
        }
        if (!address.equals(taken)) {
            throw refused(Refusal.MISDIRECTED, "it was signed for " + address + ", and came on " + taken);
        }
        if (run != null && !run.equals(fields.run())) {
            throw refused(Refusal.MISDIRECTED, "it was signed for another run than " + run);
        }
    }

    /** Whoever has the key of nobody in particular must not speak for an agent that has one of its own. */
    void checkOwner(KeyEntry key, AgentId sender) {
        AgentId owner = key.owner();
        if (owner != null && !owner.equals(sender)) {
            throw refused(Refusal.WRONG_SENDER, "key " + key.id() + " is of " + owner + ", not of " + sender);
        }
        if (owner == null && ring.hasOwn(sender)) {
            throw refused(Refusal.WRONG_SENDER, sender + " has a key of its own, and it is not " + key.id());
        }
    }

    void checkTime(long issuedAt, long expiresAt, long now) {
        if (issuedAt > now + maxSkew.toNanos()) {
            throw refused(Refusal.EARLY, "it is valid from " + Bounds.instant(issuedAt) + " on");
        }
        if (expiresAt <= now - maxSkew.toNanos()) {
            throw refused(Refusal.EXPIRED, "it was valid until " + Bounds.instant(expiresAt));
        }
        long lifetime = expiresAt - issuedAt; // more than a long holds is less than zero
        if (lifetime <= 0 || lifetime > maxLifetime.toNanos()) {
            throw refused(
                    Refusal.LONG_LIVED,
                    "it is valid from " + Bounds.instant(issuedAt) + " to " + Bounds.instant(expiresAt)
                            + ", the most is " + maxLifetime);
        }
    }

    // --- the payload

    Envelope open(Envelope envelope, Checked verified) {
        Object payload = payload(verified);
        Instant expiry = verified.message().expiresAt().plus(maxSkew);
        Instant deadline = envelope.deadline();
        return envelope.withPayload(payload)
                .deadline(deadline == null || expiry.isBefore(deadline) ? expiry : deadline)
                .context(verified.verified().in(envelope))
                .build();
    }

    private Object payload(Checked verified) {
        SignedMessage.Fields fields = verified.fields();
        byte[] bytes = fields.payload();
        String encryptionKeyId = fields.encryptionKeyId();
        if (encryptionKeyId != null) {
            bytes = decrypted(fields, encryptionKeyId);
        } else if (requiresEncryption) {
            throw refused(Refusal.UNENCRYPTED, "its payload is not encrypted");
        }
        Object payload;
        try {
            payload = Signer.payload(codec.decode(bytes));
        } catch (Throwable wrong) { // a codec of the user's; what it throws may have the payload in its text
            throw refused(
                    Refusal.UNREADABLE,
                    "the codec failed with " + wrong.getClass().getName());
        }
        if (payload == null) {
            throw refused(Refusal.UNREADABLE, "it has no payload");
        }
        if (isDeeper(payload, maxDepth)) {
            throw refused(Refusal.TOO_DEEP, "its payload must be nested at most " + maxDepth + " deep");
        }
        return payload;
    }

    private byte[] decrypted(SignedMessage.Fields fields, String keyId) {
        KeyRing.Held held = ring.find(keyId);
        byte[] bytes = held != null && held.key().material() instanceof AesKey key
                ? key.decrypt(fields.payload(), fields.context().done())
                : null;
        if (bytes == null) {
            throw refused(Refusal.UNDECRYPTABLE, "no key of the ring decrypts its payload");
        }
        return bytes;
    }

    private static boolean isDeeper(@Nullable Object tree, int levels) {
        Iterable<?> items =
                tree instanceof Map<?, ?> map ? map.values() : tree instanceof List<?> list ? list : List.of();
        boolean isNested = tree instanceof Map<?, ?> || tree instanceof List<?>;
        if (isNested && levels == 0) {
            return true;
        }
        for (Object item : items) {
            if (isDeeper(item, levels - 1)) {
                return true;
            }
        }
        return false;
    }

    /** The bounds, and the ring without what is secret. */
    @Override
    public String toString() {
        return "Verifier[maxSkew=" + maxSkew + ", maxLifetime=" + maxLifetime + ", maxBytes=" + maxBytes + ", " + ring
                + "]";
    }

    /** Makes a verifier. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final KeyRing ring;
        private InstantSource clock = InstantSource.system();
        private Duration maxSkew = DEFAULT_MAX_SKEW;
        private Duration maxLifetime = DEFAULT_MAX_LIFETIME;
        private PayloadCodec codec = PayloadCodec.basic();
        private boolean requiresEncryption;
        private int maxBytes = DEFAULT_MAX_BYTES;
        private int maxDepth = DEFAULT_MAX_DEPTH;
        private @Nullable String run;

        private Builder(KeyRing ring) {
            this.ring = ring;
        }

        /**
         * The clock that says what is early and what has expired.
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
         * How far the clocks of sender and receiver may be apart: a message is early if it was issued more than this from
         * now, and has expired if its expiry is this long ago.
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
         * The longest time from issue to expiry. It bounds how long a replay guard has to remember.
         *
         * @param lifetime more than zero, at most 10,000 days; default 5 minutes
         * @return this
         * @throws NullPointerException if {@code lifetime} is null
         * @throws IllegalArgumentException if {@code lifetime} is out of its bounds
         */
        public Builder maxLifetime(Duration lifetime) {
            this.maxLifetime = Bounds.positive("maxLifetime", lifetime);
            return this;
        }

        /**
         * What makes payloads of bytes.
         *
         * @param payloads default {@link PayloadCodec#basic()}
         * @return this
         * @throws NullPointerException if {@code payloads} is null
         */
        public Builder codec(PayloadCodec payloads) {
            this.codec = Objects.requireNonNull(payloads, "payloads");
            return this;
        }

        /**
         * Refuses messages whose payload is not encrypted.
         *
         * @return this
         */
        public Builder requireEncryption() {
            this.requiresEncryption = true;
            return this;
        }

        /**
         * The largest message, signature and all.
         *
         * @param bytes 1 to {@link PayloadCodec#MAX_BYTES}; default 1 MiB
         * @return this
         * @throws IllegalArgumentException if {@code bytes} is out of its bounds
         */
        public Builder maxBytes(int bytes) {
            this.maxBytes = Bounds.between("maxBytes", bytes, 1, PayloadCodec.MAX_BYTES);
            return this;
        }

        /**
         * The most levels of lists and maps in a payload.
         *
         * @param levels 0 to {@link PayloadCodec#MAX_DEPTH}; default {@value Verifier#DEFAULT_MAX_DEPTH}
         * @return this
         * @throws IllegalArgumentException if {@code levels} is out of its bounds
         */
        public Builder maxDepth(int levels) {
            this.maxDepth = Bounds.between("maxDepth", levels, 0, PayloadCodec.MAX_DEPTH);
            return this;
        }

        /**
         * Refuses messages that were signed for no run, or for another one.
         *
         * @param id the run; default any
         * @return this
         * @throws NullPointerException if {@code id} is null
         */
        public Builder run(String id) {
            this.run = Objects.requireNonNull(id, "id");
            return this;
        }

        /**
         * Makes the verifier.
         *
         * @return a new verifier
         */
        public Verifier build() {
            return new Verifier(this);
        }
    }
}
