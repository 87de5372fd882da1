package io.flotilla.message;

import io.flotilla.AgentId;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message at one receiver. Immutable.
 *
 * @param receiver who was to receive it; null if nobody was found
 * @param refusal why it was not accepted; null if it was
 * @since 0.1
 */
public record Delivery(@Nullable AgentId receiver, DeadLetter.@Nullable Reason refusal) {

    /**
     * Whether the receiver's mailbox has the message.
     *
     * @return true if there is no refusal
     */
    public boolean isAccepted() {
        return refusal == null;
    }

    /** The receiver, and the reason if it was refused. */
    @Override
    public String toString() {
        return (receiver == null ? "nobody" : receiver.toString()) + (refusal == null ? "" : " " + refusal);
    }
}
