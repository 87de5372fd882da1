package io.flotilla.message;

import io.flotilla.AgentId;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the messages of a network, see {@link Network#tap}: for counting, tracing, and recording. It changes nothing.
 *
 * <p>All methods are called by many threads at once, on those of senders and of mailboxes: they must not block. What they throw
 * is ignored.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface NetworkTap {

    /**
     * A message is on its way to a receiver. Called for each of its receivers, the answers to requests included, right before
     * the receiver's mailbox accepts or refuses it. So what follows from a message is seen after it.
     *
     * @param envelope the message
     * @param receiver whose mailbox it is offered to
     */
    void passing(Envelope envelope, AgentId receiver);

    /**
     * A member has joined; for those that are there already, when the tap is added.
     *
     * @param member its id
     */
    default void joined(AgentId member) {
        // nothing, unless it is overridden
    }

    /**
     * A member leaves, and is accepted nothing for any more.
     *
     * @param member its id
     */
    default void left(AgentId member) {
        // nothing, unless it is overridden
    }

    /**
     * A message is sent, offered or asked; once, before it passes to its receivers, whoever they are. Not called for what the
     * network's guard refuses.
     *
     * @param envelope the message
     */
    default void sent(Envelope envelope) {
        // nothing, unless it is overridden
    }

    /**
     * A message was not accepted for a receiver.
     *
     * @param envelope the message; without its payload if the network's guard has refused it
     * @param receiver who has not got it; null if there is nobody
     * @param reason why
     */
    default void refused(Envelope envelope, @Nullable AgentId receiver, DeadLetter.Reason reason) {
        // nothing, unless it is overridden
    }

    /**
     * The network's guard has not let a message in. {@link #refused} is called as well.
     *
     * @param envelope the message, without its payload, headers and trace; its sender is whoever it claims to be
     * @param reason what the guard calls it, see {@link NetworkGuard#reason}
     * @param during the member in whose handler it was sent, as far as Reactor's context says so; null if it does not
     */
    default void denied(Envelope envelope, String reason, @Nullable AgentId during) {
        // nothing, unless it is overridden
    }

    /**
     * The handler of a member is called. Each member's are told one at a time, in the order of its calls.
     *
     * @param envelope the message
     * @param receiver the member
     */
    default void received(Envelope envelope, AgentId receiver) {
        // nothing, unless it is overridden
    }

    /**
     * The handler of a member has ended without a failure. One that does not is {@link #dead}.
     *
     * @param envelope the message
     * @param receiver the member
     */
    default void handled(Envelope envelope, AgentId receiver) {
        // nothing, unless it is overridden
    }

    /**
     * A message that a mailbox had accepted becomes a dead letter, after its handler was called or before.
     *
     * @param letter the message, and why
     */
    default void dead(DeadLetter letter) {
        // nothing, unless it is overridden
    }

    /**
     * A request, or one to many, has its answers; called before who has asked is told.
     *
     * @param request the request, as it was sent
     * @param gathered what there is of answers, and why there is no more
     */
    default void answered(Envelope request, Gathered gathered) {
        // nothing, unless it is overridden
    }
}
