package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A message cannot be delivered. Without a stack trace: a full mailbox may refuse a million messages a second.
 *
 * @since 0.1
 */
public final class UndeliverableException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final DeadLetter.Reason reason;
    private final Envelope envelope;
    private final @Nullable AgentId receiver;

    /**
     * Describes a message that was not delivered.
     *
     * @param reason why
     * @param envelope the message
     * @param receiver who was to receive it; null if nobody was found
     * @param cause what the handler failed with; null if no handler did
     * @throws NullPointerException if {@code reason} or {@code envelope} is null
     */
    public UndeliverableException(
            DeadLetter.Reason reason, Envelope envelope, @Nullable AgentId receiver, @Nullable Throwable cause) {
        super(message(reason, envelope, receiver, DeadLetter.refusal(reason, cause)), cause, false);
        this.reason = reason;
        this.envelope = envelope;
        this.receiver = receiver;
    }

    private static String message(
            DeadLetter.Reason reason, Envelope envelope, @Nullable AgentId receiver, @Nullable String why) {
        return reason + (receiver == null ? "" : " at " + receiver) + ": envelope " + envelope
                + (why == null ? "" : ", " + why);
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public DeadLetter.Reason reason() {
        return reason;
    }

    /**
     * The message.
     *
     * @return the envelope
     */
    public Envelope envelope() {
        return envelope;
    }

    /**
     * Who was to receive it.
     *
     * @return null if nobody was found
     */
    public @Nullable AgentId receiver() {
        return receiver;
    }
}
