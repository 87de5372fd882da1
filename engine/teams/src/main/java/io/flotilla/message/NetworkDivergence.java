package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Objects;

/**
 * Where a replay first differs from its recording. Immutable.
 *
 * @param kind what differs
 * @param messageId the message: the one that was sent when it was recorded; where nothing was, the one that is sent now; for
 *     {@link Kind#DIFFERENT_FAILURE} the one that was handled
 * @param agent who sends it, or handles it
 * @param expected what the recording has: whom the message goes to and its payload, unless it was encrypted, or its headers; why
 *     a guard refused it; or how its handler ended
 * @param found the same of the replay
 * @since 0.1
 */
public record NetworkDivergence(Kind kind, String messageId, AgentId agent, String expected, String found) {

    /** What differs. */
    public enum Kind {
        /** A message was sent, and is not now. */
        MISSING,
        /** A message is sent, and was not. */
        UNEXPECTED,
        /** A message goes to another receiver, topic, or request, or is of another {@link Envelope.Kind}. */
        DIFFERENT_RECIPIENT,
        /** A message has another payload. */
        DIFFERENT_PAYLOAD,
        /** A message has other headers. */
        DIFFERENT_HEADERS,
        /** The guard lets a message in that it had refused, or refuses one that it had let in, or for another reason. */
        DIFFERENT_ADMISSION,
        /** A handler fails that did not, does not fail that did, or fails with another exception. */
        DIFFERENT_FAILURE
    }

    /**
     * Checks the components.
     *
     * @param kind what differs
     * @param messageId the message
     * @param agent who sends or handles it
     * @param expected what the recording has
     * @param found what the replay has
     * @throws NullPointerException if an argument is null
     */
    public NetworkDivergence {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(messageId, "messageId");
        Objects.requireNonNull(agent, "agent");
        Objects.requireNonNull(expected, "expected");
        Objects.requireNonNull(found, "found");
    }

    /** All of it, in one line. */
    @Override
    public String toString() {
        return kind + " at " + agent + ", message " + messageId + ": expected " + expected + ", found " + found;
    }
}
