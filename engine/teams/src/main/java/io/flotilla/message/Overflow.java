package io.flotilla.message;

/**
 * What a full {@link Mailbox} does with one more message.
 *
 * @since 0.1
 */
public enum Overflow {
    /** It refuses the message; the sender is told. The default. */
    REJECT,
    /** It takes the message; the one that has waited longest becomes a dead letter. */
    DROP_OLDEST,
    /**
     * {@link Mailbox#send} waits until there is room, without a thread; {@link Mailbox#sendAll} asks its source for no more
     * until then. {@link Mailbox#offer}, which cannot wait, is refused.
     */
    BACKPRESSURE
}
