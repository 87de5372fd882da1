package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.message.Envelope;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Signs the messages of one agent, with the key that the ring has for it at that moment.
 *
 * <pre>{@code
 * Signer planner = Signer.builder(ring, AgentId.of("planner")).build();
 * hub.send(planner.sign(Envelope.to("writer", "a title, please").from("planner").build())).subscribe();
 * }</pre>
 *
 * <p>A signed message is accepted once. What is sent again is signed again: {@code Mono.defer(() ->
 * hub.send(signer.sign(envelope))).retry(2)}.
 *
 * <p>Immutable, thread-safe.
 *
 * @since 0.1
 */
public final class Signer {

    /** The default of {@link Builder#lifetime}. */
    public static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(1);

    private static final String PAYLOAD = "payload";

    private final KeyRing ring;
    private final AgentId sender;
    private final Duration lifetime;
    private final PayloadCodec codec;
    private final InstantSource clock;
    private final boolean isEncrypting;
    private final @Nullable String run;
    private final @Nullable Delegation delegation;
    private final @Nullable String token;

    private Signer(Builder from) {
        this.ring = from.ring;
        this.sender = from.sender;
        this.lifetime = from.lifetime;
        this.codec = from.codec;
        this.clock = from.clock;
        this.isEncrypting = from.isEncrypting;
        this.run = from.run;
        this.delegation = from.delegation;
        this.token = from.token;
    }

    /**
     * Starts a signer.
     *
     * @param ring has a key for the agent, or one of nobody in particular
     * @param sender the agent
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     */
    public static Builder builder(KeyRing ring, AgentId sender) {
        return new Builder(Objects.requireNonNull(ring, "ring"), Objects.requireNonNull(sender, "sender"));
    }

    /**
     * Whose messages it signs.
     *
     * @return the agent
     */
    public AgentId sender() {
        return sender;
    }

    /**
     * The same signer within a run: what it signs is for that run alone.
     *
     * @param id the run
     * @return another signer
     * @throws NullPointerException if {@code id} is null
     */
    public Signer inRun(String id) {
        Builder copy = new Builder(this);
        copy.run = Objects.requireNonNull(id, "id");
        return new Signer(copy);
    }

    /**
     * The same signer, with a right of somebody else's that was delegated to its agent.
     *
     * @param given the delegation
     * @return another signer
     * @throws NullPointerException if {@code given} is null
     * @throws IllegalArgumentException if it was given to somebody else
     */
    public Signer under(Delegation given) {
        if (!given.delegate().equals(sender)) {
            throw new IllegalArgumentException(given + " is not for " + sender);
        }
        Builder copy = new Builder(this);
        copy.delegation = given;
        return new Signer(copy);
    }

    /**
     * The same signer, which shows a token of its agent with each message, to a network that {@linkplain
     * Trust.Builder#requireTokens requires} one.
     *
     * @param agentToken what {@link AgentTokens#issue} has returned for this agent, here or elsewhere; not verified here
     * @return another signer
     * @throws NullPointerException if {@code agentToken} is null
     * @throws IllegalArgumentException if it has more than {@link AgentTokens#MAX_LENGTH} characters
     */
    public Signer showing(String agentToken) {
        if (agentToken.length() > AgentTokens.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a token must have at most " + AgentTokens.MAX_LENGTH + " characters, had " + agentToken.length());
        }
        Builder copy = new Builder(this);
        copy.token = agentToken;
        return new Signer(copy);
    }

    /**
     * Signs an envelope. The payload becomes a {@link SignedMessage}; all else stays.
     *
     * @param envelope a message of this agent
     * @return the signed envelope, to be sent once
     * @throws NullPointerException if {@code envelope} is null
     * @throws IllegalArgumentException if another agent is its sender, it is signed already, or a name or header of it has half a
     *     character (an unpaired surrogate) in it
     * @throws PayloadException if the codec does not know the payload's type, or it is too large or too deep
     * @throws KeyUnavailableException if the ring has no key for this
     */
    public Envelope sign(Envelope envelope) {
        Objects.requireNonNull(envelope, "envelope");
        if (!envelope.sender().equals(sender)) {
            throw new IllegalArgumentException("the sender must be " + sender + ", was " + envelope.sender());
        }
        if (envelope.payload() instanceof SignedMessage) {
            throw new IllegalArgumentException("it is signed already: " + envelope);
        }
        byte[] payload = codec.encode(Map.of(PAYLOAD, envelope.payload()), UnaryOperator.identity());
        return envelope.withPayload(sign(envelope, payload)).build();
    }

    static @Nullable Object payload(Map<String, ?> decoded) {
        return decoded.size() == 1 ? decoded.get(PAYLOAD) : null;
    }

    private SignedMessage sign(Envelope envelope, byte[] payload) {
        KeyEntry key = ring.signing(sender);
        KeyEntry encryption = isEncrypting ? ring.current(KeyAlgorithm.AES_256_GCM) : null;
        Edge address = Edge.of(envelope);
        long now = Bounds.nanos(clock.instant());
        SignedMessage.Fields plain = new SignedMessage.Fields(
                key.id(),
                key.algorithm().code(),
                address,
                run,
                delegation == null ? address : address.from(delegation.edge().from()),
                Nonces.next(),
                now,
                now + lifetime.toNanos(),
                envelope.correlationId(),
                envelope.causationId(),
                envelope.headers(),
                Delegation.bytes(delegation),
                token,
                encryption == null ? null : encryption.id(),
                payload);
        SignedMessage.Fields fields = encryption == null ? plain : encrypted(plain, encryption);
        byte[] content = fields.content();
        byte[] signature = Objects.requireNonNull(key.material().sign(content), "the ring's keys for signing sign");
        return new SignedMessage(fields, content, signature);
    }

    private static SignedMessage.Fields encrypted(SignedMessage.Fields plain, KeyEntry key) {
        byte[] payload = ((AesKey) key.material())
                .encrypt(plain.payload(), plain.context().done());
        return new SignedMessage.Fields(
                plain.keyId(),
                plain.algorithm(),
                plain.address(),
                plain.run(),
                plain.edge(),
                plain.nonce(),
                plain.issuedAt(),
                plain.expiresAt(),
                plain.correlationId(),
                plain.causationId(),
                plain.headers(),
                plain.delegation(),
                plain.token(),
                plain.encryptionKeyId(),
                payload);
    }

    /**
     * Hands a right of this agent on, not to be handed on further: as {@link #delegate(Edge, AgentId, Duration, int)} with 0.
     *
     * @param edge what the delegate may use
     * @param delegate who gets it
     * @param duration how long it has it; more than zero
     * @return what the delegate {@linkplain #under signs with}
     */
    public Delegation delegate(Edge edge, AgentId delegate, Duration duration) {
        return delegate(edge, delegate, duration, 0);
    }

    /**
     * Hands a right of this agent on: its own, or under a delegation a part of that. The delegate never has more: not another
     * edge, not longer, not in another run than this signer's, and it hands on less often.
     *
     * @param edge what the delegate may use: an edge from this agent, or one within the delegation's
     * @param delegate who gets it
     * @param duration how long it has it; more than zero
     * @param further how often it may be handed on; 0 to {@link Delegation#MAX_LINKS} - 1
     * @return what the delegate {@linkplain #under signs with}
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the delegate would have more than this agent, or an argument is out of its bounds
     * @throws KeyUnavailableException if the ring has no key for this agent
     */
    public Delegation delegate(Edge edge, AgentId delegate, Duration duration, int further) {
        Bounds.positive("duration", duration);
        Bounds.between("further", further, 0, Delegation.MAX_LINKS - 1);
        KeyEntry key = ring.signing(sender);
        long now = Bounds.nanos(clock.instant());
        // The clock of whoever handed it to this agent may be ahead.
        long issuedAt =
                delegation == null ? now : Math.max(now, delegation.last().issuedAt());
        Delegation.Link link = new Delegation.Link(
                key.id(),
                sender,
                Objects.requireNonNull(delegate, "delegate"),
                Objects.requireNonNull(edge, "edge"),
                run,
                issuedAt,
                now + duration.toNanos(),
                further,
                new byte[0]);
        if (delegation == null
                ? !edge.from().equals(sender)
                : !delegation.last().covers(link)) {
            throw new IllegalArgumentException("a delegate must not have more than its delegator, who has "
                    + (delegation == null ? "edges from " + sender : delegation.toString()) + ", was to have " + edge
                    + " until " + Bounds.instant(link.expiresAt()) + ", " + further + " times further");
        }
        List<Delegation.Link> links = new ArrayList<>(delegation == null ? List.of() : delegation.links());
        byte[] before = delegation == null ? new byte[0] : delegation.last().signature();
        byte[] signature = Objects.requireNonNull(key.material().sign(link.content(before)), "it signs");
        links.add(link.signed(signature));
        return new Delegation(links);
    }

    /** Sender and run. */
    @Override
    public String toString() {
        return "Signer of " + sender + (run == null ? "" : " in run " + run);
    }

    /** Makes a signer. Not thread-safe. */
    public static final class Builder {

        private final KeyRing ring;
        private final AgentId sender;
        private Duration lifetime = DEFAULT_LIFETIME;
        private PayloadCodec codec = PayloadCodec.basic();
        private InstantSource clock = InstantSource.system();
        private boolean isEncrypting;
        private @Nullable String run;
        private @Nullable Delegation delegation;
        private @Nullable String token;

        private Builder(KeyRing ring, AgentId sender) {
            this.ring = ring;
            this.sender = sender;
        }

        private Builder(Signer from) {
            this(from.ring, from.sender);
            this.lifetime = from.lifetime;
            this.codec = from.codec;
            this.clock = from.clock;
            this.isEncrypting = from.isEncrypting;
            this.run = from.run;
            this.delegation = from.delegation;
            this.token = from.token;
        }

        /**
         * How long a message is valid from when it is signed.
         *
         * @param duration more than zero, at most 10,000 days; default 1 minute
         * @return this
         * @throws NullPointerException if {@code duration} is null
         * @throws IllegalArgumentException if {@code duration} is out of its bounds
         */
        public Builder lifetime(Duration duration) {
            this.lifetime = Bounds.positive("lifetime", duration);
            return this;
        }

        /**
         * What makes bytes of payloads. The verifier's must be able to read them.
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
         * The clock that says when a message is issued.
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
         * Encrypts payloads with the newest AES key of the ring.
         *
         * @return this
         */
        public Builder encrypting() {
            this.isEncrypting = true;
            return this;
        }

        /**
         * Makes the signer.
         *
         * @return a new signer
         */
        public Signer build() {
            return new Signer(this);
        }
    }
}
