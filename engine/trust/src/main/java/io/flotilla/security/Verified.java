package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What a trusted network has verified of a message, for its handler: {@code Verified.of(envelope)}. Immutable.
 *
 * @since 0.1
 */
public final class Verified {

    private static final String KEY = "key";
    private static final String FROM = "from";
    private static final String KIND = "kind";
    private static final String TARGET = "target";
    private static final String RUN = "run";
    private static final String DELEGATED = "delegated";
    private static final String ENCRYPTED = "encrypted";

    private final String envelopeId;
    private final String keyId;
    private final Edge edge;
    private final @Nullable String run;
    private final boolean isDelegated;
    private final boolean wasEncrypted;

    Verified(
            String envelopeId,
            String keyId,
            Edge edge,
            @Nullable String run,
            boolean isDelegated,
            boolean wasEncrypted) {
        this.envelopeId = envelopeId;
        this.keyId = keyId;
        this.edge = edge;
        this.run = run;
        this.isDelegated = isDelegated;
        this.wasEncrypted = wasEncrypted;
    }

    /** For a recording. */
    Map<String, String> notes() {
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put(KEY, keyId);
        notes.put(FROM, edge.from().toString());
        notes.put(KIND, edge.kind().name());
        notes.put(TARGET, edge.target());
        if (run != null) {
            notes.put(RUN, run);
        }
        if (isDelegated) {
            notes.put(DELEGATED, "true");
        }
        if (wasEncrypted) {
            notes.put(ENCRYPTED, "true");
        }
        return notes;
    }

    /** What was verified when a message was recorded. Throws IllegalArgumentException if the notes are none of these. */
    static Verified recorded(Envelope message, Map<String, String> notes) {
        return new Verified(
                message.id(),
                text(notes, KEY),
                new Edge(AgentId.of(text(notes, FROM)), Edge.Kind.valueOf(text(notes, KIND)), text(notes, TARGET)),
                notes.get(RUN),
                notes.containsKey(DELEGATED),
                notes.containsKey(ENCRYPTED));
    }

    private static String text(Map<String, String> notes, String key) {
        String text = notes.get(key);
        if (text == null) {
            throw new IllegalArgumentException("the recording does not say which " + key + " was verified");
        }
        return text;
    }

    /**
     * What was verified of an envelope that a handler has received.
     *
     * @param envelope the envelope as the handler has it
     * @return null if no {@link Trust} has let in this very envelope; in a replay what was verified when it was recorded
     * @throws NullPointerException if {@code envelope} is null
     */
    public static @Nullable Verified of(Envelope envelope) {
        Verified found = envelope.context().getOrDefault(Verified.class, null);
        return found != null && found.envelopeId.equals(envelope.id()) ? found : null;
    }

    /** Whether what it answers was encrypted. Its context is that of what it answers, as the handler had it. */
    static boolean isAnswerToEncrypted(Envelope reply) {
        Verified found = reply.context().getOrDefault(Verified.class, null);
        return found != null && found.wasEncrypted && found.envelopeId.equals(reply.causationId());
    }

    /** Into the envelope's context, which stays in this JVM, and reaches the handler alone. */
    Context in(Envelope envelope) {
        return Context.of(envelope.context()).put(Verified.class, this);
    }

    /**
     * The key that has signed it.
     *
     * @return the id of the key
     */
    public String keyId() {
        return keyId;
    }

    /**
     * The edge whose capability was used: the sender's own, or that of the agent who delegated it.
     *
     * @return the edge
     */
    public Edge edge() {
        return edge;
    }

    /**
     * The run that it was signed for.
     *
     * @return null if it was signed for none
     */
    public @Nullable String run() {
        return run;
    }

    /**
     * Whether its sender used a right that was delegated to it.
     *
     * @return false if the right was its own
     */
    public boolean isDelegated() {
        return isDelegated;
    }

    /**
     * Whether its payload was encrypted on the way.
     *
     * @return false if it was not
     */
    public boolean wasEncrypted() {
        return wasEncrypted;
    }

    /** Edge and key. */
    @Override
    public String toString() {
        return edge() + ", signed by " + keyId();
    }
}
