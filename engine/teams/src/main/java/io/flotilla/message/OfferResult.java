package io.flotilla.message;

/**
 * What a {@link Mailbox} did with a message it was offered.
 *
 * @since 0.1
 */
public enum OfferResult {
    /** It has the message: it will be delivered once, or become a dead letter once. */
    ACCEPTED,
    /** There was no room, and nothing is kept of the message. */
    FULL,
    /** The mailbox is closed, and nothing is kept of the message. */
    CLOSED,
    /** The message's deadline is over, and nothing is kept of the message. */
    EXPIRED;

    /**
     * Whether the mailbox has the message.
     *
     * @return true for {@link #ACCEPTED} only
     */
    public boolean isAccepted() {
        return this == ACCEPTED;
    }

    DeadLetter.Reason reason() {
        return switch (this) {
            case FULL -> DeadLetter.Reason.FULL;
            case CLOSED -> DeadLetter.Reason.CLOSED;
            case EXPIRED -> DeadLetter.Reason.EXPIRED;
            case ACCEPTED -> throw new IllegalStateException("it is accepted");
        };
    }
}
