package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Map;

/**
 * Stands at the door of a network: sees each message once, before any receiver is looked for, and lets it in or refuses it.
 * {@code Trust} of {@code flotilla-trust} is one.
 *
 * <p>There is no way around it: offers, sends, requests, what is gathered, and answers all come through. What it refuses is a
 * dead letter with {@link DeadLetter.Reason#REFUSED} and the thrown exception as its cause, whatever {@link Undeliverable}
 * says, without its payload, headers and trace; the sender is told. A guard that throws anything at all, or returns null, has
 * refused.
 *
 * <p>Called by many threads at once, on those of the senders. Must not block.
 *
 * @since 0.1
 */
public interface NetworkGuard {

    /**
     * Lets a message in, or refuses it by throwing.
     *
     * @param envelope the message as it was sent; a request has the id and the deadline under which it is delivered
     * @param isAnswer whether it claims to be the answer to a request: it is delivered only to whoever waits for it, and only
     *     if its sender was asked
     * @return what the receivers get: the same envelope, or one with another payload
     */
    Envelope admit(Envelope envelope, boolean isAnswer);

    /**
     * Whether a message that was let in may go to another member than its recipient, because that one is {@linkplain
     * NetworkOptions.Builder#health unhealthy} and both are {@linkplain MemberOptions#interchangeable interchangeable}. A guard
     * that throws has refused.
     *
     * @param admitted what {@link #admit} has returned
     * @param receiver who is to have it
     * @return by default false: it was let in for its recipient
     */
    default boolean mayReroute(Envelope admitted, AgentId receiver) {
        return false;
    }

    /**
     * Prepares what the network itself sends for a member: the answer of an agent. It is admitted afterwards as any other
     * message. If this throws or returns null, the answer is refused, and whoever waits for it is told.
     *
     * @param reply the answer
     * @return what is sent; by default the answer as it is
     */
    default Envelope outgoing(Envelope reply) {
        return reply;
    }

    // --- for those who record

    /**
     * Whether the payload of a message that was let in is not to be written down as it is, since it was encrypted on its way. A
     * guard that throws says that it is not.
     *
     * @param admitted what {@link #admit} has returned
     * @return by default false
     */
    default boolean isConfidential(Envelope admitted) {
        return false;
    }

    /**
     * What a {@link NetworkRecorder} notes of how a message was let in, and {@link #recorded} gives back to it. Nothing secret:
     * recordings are kept.
     *
     * @param admitted what {@link #admit} has returned
     * @return by default nothing
     */
    default Map<String, String> notes(Envelope admitted) {
        return Map.of();
    }

    /**
     * Gives a message of a recording to the handler of a {@link NetworkReplay}: with what handlers look for in messages that were
     * let in.
     *
     * @param message the message as it was recorded
     * @param notes what {@link #notes} had returned for it
     * @return what the handler gets; by default the message as it is
     */
    default Envelope recorded(Envelope message, Map<String, String> notes) {
        return message;
    }

    /**
     * The name of the reason why a message was refused: it is recorded, and a replay compares it.
     *
     * @param refusal what {@link #admit} or {@link #outgoing} has thrown
     * @return by default the name of its class
     */
    default String reason(Throwable refusal) {
        return refusal.getClass().getName();
    }
}
