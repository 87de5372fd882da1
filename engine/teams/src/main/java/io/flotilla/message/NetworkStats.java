package io.flotilla.message;

/**
 * The counts of a network: the sums over the mailboxes of its members, those that have left included. Once nothing is queued
 * or in flight, {@code accepted == delivered + deadLettered}.
 *
 * @param members how many there are now
 * @param accepted the deliveries that mailboxes took
 * @param delivered the messages whose handler completed
 * @param deadLettered the messages that mailboxes took and did not deliver
 * @param refused the deliveries that mailboxes did not take
 * @param queued the messages that wait
 * @param inFlight the messages that members are at
 * @param pendingRequests the requests that wait for answers
 * @since 0.1
 */
public record NetworkStats(
        int members,
        long accepted,
        long delivered,
        long deadLettered,
        long refused,
        long queued,
        long inFlight,
        int pendingRequests) {}
