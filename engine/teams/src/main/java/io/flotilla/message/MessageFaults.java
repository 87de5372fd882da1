package io.flotilla.message;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.List;

/**
 * Loses, doubles and delays messages on their way to a member, see {@link NetworkOptions.Builder#faults}: to test that a system
 * copes with that. A simulation's are {@code world::deliveries}.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface MessageFaults {

    /**
     * What becomes of a message at one of its receivers. Called for every receiver, and for the answers to requests, by many
     * threads at once. One that throws, or returns null, is as if it had returned one copy at once.
     *
     * @param envelope the message
     * @param receiver whose mailbox it is for; who waits for the answer
     * @return how much later each copy arrives, by the network's clock. None: the message is lost, and its sender is told that
     *     it was accepted. Several: it is delivered as often. Zero or less: at once
     */
    List<Duration> deliveries(Envelope envelope, AgentId receiver);
}
