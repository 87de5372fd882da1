package io.flotilla.message;

/**
 * What a {@link Network} does with a message that it cannot deliver. Either way the sender is told by the report.
 *
 * @since 0.1
 */
public enum Undeliverable {
    /**
     * {@link Network#send} fails if nobody at all received the message; if some did, the report names those who did not. The
     * default.
     */
    ERROR,
    /** The message is a dead letter for each receiver that did not get it; {@link Network#send} does not fail. */
    DEAD_LETTER
}
