package io.flotilla.team;

import io.flotilla.AgentId;
import java.util.List;

/**
 * Something in the traffic of a network that teams are better off without, as {@link AntiPatterns} has found it: with its numbers
 * and the threshold that it has passed. Immutable.
 *
 * @since 0.1
 */
public sealed interface AntiPattern {

    /**
     * Two members talk to each other very much. They may be one, or say more in one message.
     *
     * @param one one of them, by id
     * @param other the other one
     * @param messagesPerSecond in both directions, in the last interval
     * @param threshold what was allowed
     */
    record ChattyPair(AgentId one, AgentId other, double messagesPerSecond, double threshold) implements AntiPattern {}

    /**
     * One member has a part in most of what is said. Everything waits for it, and fails with it.
     *
     * @param agent the member
     * @param share the share of messages of which it is the sender or the receiver, in the last interval
     * @param messages how many these are
     * @param total all messages
     * @param threshold the share that was allowed
     */
    record GodAgent(AgentId agent, double share, long messages, long total, double threshold) implements AntiPattern {}

    /**
     * A task has come back to a member that handed it on.
     *
     * @param path the members it went through, the one that comes again last
     * @param correlationId the conversation
     * @param times how often the last member was in it before
     * @param threshold how often is allowed
     */
    record CircularDelegation(List<AgentId> path, String correlationId, int times, int threshold)
            implements AntiPattern {

        /**
         * Copies the path.
         *
         * @param path the members it went through
         * @param correlationId the conversation
         * @param times how often the last member was in it before
         * @param threshold how often is allowed
         * @throws NullPointerException if {@code path} or one of its members is null
         */
        public CircularDelegation {
            path = List.copyOf(path);
        }
    }

    /**
     * A member gets more than it can handle.
     *
     * @param agent the member
     * @param queued the messages that wait for it now
     * @param intervals for how many intervals in a row they have become more
     * @param messagesPerSecond by how many, over these intervals
     * @param threshold how many intervals in a row were allowed
     */
    record GrowingBacklog(AgentId agent, int queued, int intervals, double messagesPerSecond, int threshold)
            implements AntiPattern {}
}
