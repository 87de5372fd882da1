package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.NetworkGuard;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes a network trusted: {@code NetworkOptions.builder().guard(trust)}. From then on it delivers what is signed by a key of
 * the ring, whole, in time, on its way to whom it was signed for, permitted, and there for the first time. All else is refused
 * with a {@link Refusal}, counted, and a dead letter without its content.
 *
 * <pre>{@code
 * Trust trust = Trust.builder(ring)
 *         .capabilities(Capabilities.create().grant(Edge.between("planner", "writer")))
 *         .build();
 * Hub hub = Hub.create(NetworkOptions.builder().guard(trust).build());
 *
 * Signer planner = trust.signer(AgentId.of("planner"));
 * hub.send(planner.sign(Envelope.to("writer", "a title, please").from("planner").build())).subscribe();
 * }</pre>
 *
 * <p>Handlers receive the payload as it was signed, decoded anew; {@link Verified#of} says by which key. Answers of agents
 * are signed for them, with the ring's keys. A message that is not handled until it expires is a dead letter, by the clock of
 * the network's engine: a clock that is set for the verifier has to be set there too.
 *
 * <p>Meters: {@link TrustMeter#ADMITTED}, and {@link TrustMeter#REFUSED} with the tag {@code reason}, a {@link
 * Refusal#tag()}.
 *
 * <p>Thread-safe. One object may guard several networks; a message is then let into one of them.
 *
 * @since 0.1
 */
public final class Trust implements NetworkGuard {

    private final Verifier verifier;
    private final Authority authority;
    private final ReplayGuard replayGuard;
    private final Duration lifetime;
    private final TrustMeters meters;
    private final @Nullable TokenGate tokens;

    private Trust(Builder from) {
        this.verifier = from.verifier;
        this.authority = new Authority(from.verifier, from.capabilities);
        this.lifetime = from.lifetime == null ? shorter(verifier.maxLifetime) : from.lifetime;
        this.replayGuard = from.replayGuard == null
                ? ReplayGuard.builder().window(window(verifier)).build()
                : from.replayGuard;
        replayGuard.serve(verifier.maxSkew);
        this.meters = new TrustMeters(from.meterRegistry);
        this.tokens = from.tokens;
    }

    private static Duration shorter(Duration maxLifetime) {
        return maxLifetime.compareTo(Signer.DEFAULT_LIFETIME) < 0 ? maxLifetime : Signer.DEFAULT_LIFETIME;
    }

    /** From the earliest issue to the latest expiry of what may be accepted at one moment. */
    private static Duration window(Verifier verifier) {
        return verifier.maxLifetime.plus(verifier.maxSkew.multipliedBy(2));
    }

    /**
     * Starts a trust over a verifier with all defaults.
     *
     * @param ring the keys that are believed, and that sign
     * @return a builder with all defaults
     * @throws NullPointerException if {@code ring} is null
     */
    public static Builder builder(KeyRing ring) {
        return builder(Verifier.builder(ring).build());
    }

    /**
     * Starts a trust.
     *
     * @param verifier says what is verified, and how far clocks may be apart
     * @return a builder with all defaults
     * @throws NullPointerException if {@code verifier} is null
     */
    public static Builder builder(Verifier verifier) {
        return new Builder(Objects.requireNonNull(verifier, "verifier"));
    }

    /**
     * A signer for an agent, with the verifier's clock, codec and run. It encrypts if the verifier requires it.
     *
     * @param sender the agent
     * @return a signer
     * @throws NullPointerException if {@code sender} is null
     */
    public Signer signer(AgentId sender) {
        return signer(sender, verifier.requiresEncryption);
    }

    private Signer signer(AgentId sender, boolean encrypts) {
        Signer.Builder builder = Signer.builder(verifier.ring, sender)
                .clock(verifier.clock)
                .codec(verifier.codec)
                .lifetime(lifetime);
        Signer signer = (encrypts ? builder.encrypting() : builder).build();
        return verifier.run == null ? signer : signer.inRun(verifier.run);
    }

    /**
     * Lets a message in, or refuses it. Networks call it.
     *
     * @param envelope the message as it was sent
     * @param isAnswer whether it claims to be the answer to a request
     * @return the message with its payload
     * @throws NullPointerException if {@code envelope} is null
     * @throws RefusedException if it is refused
     */
    @Override
    public Envelope admit(Envelope envelope, boolean isAnswer) {
        Objects.requireNonNull(envelope, "envelope");
        try {
            Envelope opened = opened(envelope, isAnswer);
            meters.admitted();
            return opened;
        } catch (RefusedException refused) {
            meters.refused(refused.refusal());
            throw refused;
        }
    }

    /** Fails closed, and says so by a reason like others, if a clock does. */
    private Envelope opened(Envelope envelope, boolean isAnswer) {
        try {
            Instant now = verifier.clock.instant();
            Checked verified = verifier.check(envelope, now);
            if (tokens != null) {
                tokens.check(verified);
            }
            authority.check(verified, isAnswer, now);
            replayGuard.check(verified, now);
            return verifier.open(envelope, verified);
        } catch (RefusedException refused) {
            throw refused;
        } catch (Throwable failed) {
            throw new RefusedException(
                    Refusal.UNVERIFIABLE,
                    "the verifier failed with " + failed.getClass().getName());
        }
    }

    /**
     * Whether a message may go to another member than the one it was signed for, see {@link NetworkGuard#mayReroute}.
     *
     * @param admitted a message that was let in
     * @param receiver who is to have it
     * @return true if its sender has a capability of its own for that edge, too
     */
    @Override
    public boolean mayReroute(Envelope admitted, AgentId receiver) {
        return authority.permits(Edge.between(admitted.sender(), receiver), verifier.clock.instant());
    }

    /**
     * Signs the answer of an agent; with a token for it, if the network requires tokens. It is encrypted if the verifier requires it, and if
     * what it answers was. Networks call it.
     *
     * @param reply the answer
     * @return the signed answer
     * @throws KeyUnavailableException if the ring has no key for the agent
     */
    @Override
    public Envelope outgoing(Envelope reply) {
        Signer signer = signer(reply.sender(), verifier.requiresEncryption || Verified.isAnswerToEncrypted(reply));
        return (tokens == null ? signer : tokens.showing(signer, lifetime)).sign(reply);
    }

    /**
     * Whether a message was encrypted on its way, see {@link NetworkGuard#isConfidential}.
     *
     * @param admitted a message that was let in
     * @return true if it was
     */
    @Override
    public boolean isConfidential(Envelope admitted) {
        Verified verified = Verified.of(admitted);
        return verified == null || verified.wasEncrypted();
    }

    /**
     * What {@link Verified} says of a message, for a recording. Recorders call it.
     *
     * @param admitted a message that was let in
     * @return key, edge and run; no token, signature or delegation
     */
    @Override
    public Map<String, String> notes(Envelope admitted) {
        Verified verified = Verified.of(admitted);
        return verified == null ? Map.of() : verified.notes();
    }

    /**
     * Lets the handlers of a replay see what was verified when a message was recorded. Nothing is verified again. Replays call it.
     *
     * @param message the message as it was recorded
     * @param notes what {@link #notes} had returned
     * @return the message, with {@link Verified#of}
     * @throws IllegalArgumentException if the notes are not of a trust
     */
    @Override
    public Envelope recorded(Envelope message, Map<String, String> notes) {
        return message.withPayload(message.payload())
                .context(Verified.recorded(message, notes).in(message))
                .build();
    }

    /**
     * The {@link Refusal} of a message, for a recording.
     *
     * @param refusal what {@link #admit} has thrown
     * @return its name; that of the exception's class for anything else
     */
    @Override
    public String reason(Throwable refusal) {
        return refusal instanceof RefusedException refused
                ? refused.refusal().name()
                : refusal.getClass().getName();
    }

    /**
     * How many messages were let in.
     *
     * @return the number
     */
    public long admittedCount() {
        return meters.admittedCount();
    }

    /**
     * How many messages were refused for a reason.
     *
     * @param reason which
     * @return the number
     * @throws NullPointerException if {@code reason} is null
     */
    public long refusedCount(Refusal reason) {
        return meters.counter(Objects.requireNonNull(reason, "reason")).get();
    }

    /**
     * How many messages were refused, by reason.
     *
     * @return a copy, without the reasons that have not occurred
     */
    public Map<Refusal, Long> refusals() {
        Map<Refusal, Long> counts = new EnumMap<>(Refusal.class);
        for (Refusal reason : Refusal.values()) {
            long count = refusedCount(reason);
            if (count > 0) {
                counts.put(reason, count);
            }
        }
        return counts;
    }

    /** What remembers the messages that were let in. */
    ReplayGuard replayGuard() {
        return replayGuard;
    }

    /** The counts. */
    @Override
    public String toString() {
        return "Trust[admitted=" + admittedCount() + ", refused=" + refusals() + "]";
    }

    /** Makes a trust. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final Verifier verifier;
        private Capabilities capabilities = Capabilities.create();
        private @Nullable ReplayGuard replayGuard;
        private @Nullable Duration lifetime;
        private @Nullable MeterRegistry meterRegistry;
        private @Nullable TokenGate tokens;

        private Builder(Verifier verifier) {
            this.verifier = verifier;
        }

        /**
         * Who may send to whom.
         *
         * @param granted may be changed later; default nobody
         * @return this
         * @throws NullPointerException if {@code granted} is null
         */
        public Builder capabilities(Capabilities granted) {
            this.capabilities = Objects.requireNonNull(granted, "granted");
            return this;
        }

        /**
         * What remembers the messages that were let in.
         *
         * @param guard default one with its defaults for count, and the window that the verifier needs
         * @return this
         * @throws NullPointerException if {@code guard} is null
         */
        public Builder replayGuard(ReplayGuard guard) {
            this.replayGuard = Objects.requireNonNull(guard, "guard");
            return this;
        }

        /**
         * How long what {@link Trust#signer} signs is valid.
         *
         * @param duration more than zero, at most the verifier's longest; default 1 minute, or that if it is shorter
         * @return this
         * @throws NullPointerException if {@code duration} is null
         * @throws IllegalArgumentException if {@code duration} is out of its bounds
         */
        public Builder lifetime(Duration duration) {
            this.lifetime = Bounds.positive("lifetime", duration);
            return this;
        }

        /**
         * Requires tokens: besides its signature, every message has to show a valid token of its sender for this network, see
         * {@link Signer#showing}. Else it is refused with {@link Refusal#NO_TOKEN} or {@link Refusal#INVALID_TOKEN}. So an agent
         * speaks here only for as long as somebody vouches for it, and a token that was stolen is worth nothing without the key of
         * the agent that it is of. Answers of agents are given a token by the network, from {@code required}.
         *
         * @param required verifies the tokens; over a key ring of its own if they come from somebody who has not the keys of the
         *     messages
         * @param audience what the tokens have to be for: 1 to {@value AgentTokens#MAX_AUDIENCE_LENGTH} characters
         * @return this
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if {@code audience} is out of its bounds
         */
        public Builder requireTokens(AgentTokens required, String audience) {
            AgentTokens.checkAudience(audience);
            this.tokens = new TokenGate(Objects.requireNonNull(required, "required"), audience);
            return this;
        }

        /**
         * Where the counts go besides. A registry that throws costs its counts, and no message.
         *
         * @param registry default none
         * @return this
         * @throws NullPointerException if {@code registry} is null
         */
        public Builder meterRegistry(MeterRegistry registry) {
            this.meterRegistry = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Makes the trust.
         *
         * @return a new trust
         * @throws IllegalArgumentException if the replay guard's window is shorter than the verifier's longest lifetime and
         *     twice its skew, or {@link #lifetime} longer than that lifetime
         */
        public Trust build() {
            if (replayGuard != null && replayGuard.window().compareTo(window(verifier)) < 0) {
                throw new IllegalArgumentException("the replay guard's window must be >= " + window(verifier)
                        + ", the verifier's maxLifetime and twice its maxSkew, was " + replayGuard.window());
            }
            if (lifetime != null && lifetime.compareTo(verifier.maxLifetime) > 0) {
                throw new IllegalArgumentException("lifetime must be <= the verifier's maxLifetime, "
                        + verifier.maxLifetime + ", was " + lifetime);
            }
            return new Trust(this);
        }
    }
}
