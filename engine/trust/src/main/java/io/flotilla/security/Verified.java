package io.flotilla.security;

import io.flotilla.message.Envelope;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What a trusted network has verified of a message, for its handler: {@code Verified.of(envelope)}. Immutable.
 *
 * @since 0.1
 */
public final class Verified {

    private final String envelopeId;
    private final SignedMessage message;
    private final KeyEntry key;

    Verified(String envelopeId, SignedMessage message, KeyEntry key) {
        this.envelopeId = envelopeId;
        this.message = message;
        this.key = key;
    }

    /**
     * What was verified of an envelope that a handler has received.
     *
     * @param envelope the envelope as the handler has it
     * @return null if no {@link Trust} has let in this very envelope
     * @throws NullPointerException if {@code envelope} is null
     */
    public static @Nullable Verified of(Envelope envelope) {
        Verified found = envelope.context().getOrDefault(Verified.class, null);
        return found != null && found.envelopeId.equals(envelope.id()) ? found : null;
    }

    /** Into the envelope's context, which stays in this JVM, and reaches the handler alone. */
    Context in(Envelope envelope) {
        return Context.of(envelope.context()).put(Verified.class, this);
    }

    SignedMessage message() {
        return message;
    }

    SignedMessage.Fields fields() {
        return message.fields();
    }

    KeyEntry key() {
        return key;
    }

    /**
     * The key that has signed it.
     *
     * @return the id of the key
     */
    public String keyId() {
        return message.keyId();
    }

    /**
     * The edge whose capability was used: the sender's own, or that of the agent who delegated it.
     *
     * @return the edge
     */
    public Edge edge() {
        return fields().edge();
    }

    /**
     * The run that it was signed for.
     *
     * @return null if it was signed for none
     */
    public @Nullable String run() {
        return fields().run();
    }

    /**
     * Whether its sender used a right that was delegated to it.
     *
     * @return false if the right was its own
     */
    public boolean isDelegated() {
        return fields().delegation().length > 0;
    }

    /**
     * Whether its payload was encrypted on the way.
     *
     * @return false if it was not
     */
    public boolean wasEncrypted() {
        return message.isEncrypted();
    }

    /** Edge and key. */
    @Override
    public String toString() {
        return edge() + ", signed by " + keyId();
    }
}
