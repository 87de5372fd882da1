package io.flotilla.message;

/**
 * The counts of a mailbox, all of one moment: {@code accepted == delivered + deadLettered + queued + inFlight}.
 *
 * @param accepted the messages it took
 * @param delivered the messages whose handler completed, or that a subscriber received
 * @param deadLettered the messages it took and did not deliver
 * @param refused the messages it did not take
 * @param queued the messages that wait
 * @param inFlight the messages a handler is at: 0 or 1
 * @param waitingSenders the senders that wait for room
 * @since 0.1
 */
public record MailboxStats(
        long accepted, long delivered, long deadLettered, long refused, int queued, int inFlight, int waitingSenders) {}
