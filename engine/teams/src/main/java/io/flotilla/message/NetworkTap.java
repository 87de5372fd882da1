package io.flotilla.message;

import io.flotilla.AgentId;

/**
 * Looks at the messages of a network, see {@link Network#tap}: for counting and tracing. It changes nothing.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface NetworkTap {

    /**
     * A message is on its way to a receiver. Called for each of its receivers, the answers to requests included, right before
     * the receiver's mailbox accepts or refuses it. So what follows from a message is seen after it.
     *
     * <p>Called by many threads at once, on those of the senders: it must not block. What it throws is ignored.
     *
     * @param envelope the message
     * @param receiver whose mailbox it is offered to
     */
    void passing(Envelope envelope, AgentId receiver);
}
