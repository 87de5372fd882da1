package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.List;
import java.util.Objects;

/**
 * Publish and subscribe: what is sent on a topic ({@link Envelope#onTopic}) goes to every member with a subscription that
 * matches, once to each, however many of its subscriptions match; also to the sender if it has one. Members have addresses
 * as well, for replies and for what is sent to one or to all.
 *
 * <p>Topics have levels, separated by {@code /}. In a subscription {@code *} stands for one level, {@code **} for any number
 * of levels, none too: {@code news/*} has {@code news/sport} and not {@code news}, {@code news/**} has both.
 *
 * <p>{@link #offer} and {@link #send} answer with a report that names each receiver. A message that nobody is subscribed to
 * is undeliverable ({@link DeadLetter.Reason#NO_RECEIVER}). What a mailbox has accepted before its member unsubscribes is
 * delivered.
 *
 * <p>Senders need not be members. Thread-safe.
 *
 * @since 0.1
 */
public final class Topics extends MemberNetwork {

    private final Subscriptions subscriptions;

    private Topics(NetworkOptions options, Subscriptions subscriptions) {
        super(options, subscriptions);
        this.subscriptions = subscriptions;
    }

    /**
     * Topics with all defaults.
     *
     * @return without members
     */
    public static Topics create() {
        return create(NetworkOptions.defaults());
    }

    /**
     * Topics.
     *
     * @param options what all networks have in common
     * @return without members
     * @throws NullPointerException if {@code options} is null
     */
    public static Topics create(NetworkOptions options) {
        return new Topics(options, new Subscriptions());
    }

    /**
     * Subscribes a member.
     *
     * @param member who receives
     * @param pattern 1 to {@value Envelope#MAX_NAME_LENGTH} characters, no control characters; each level a name, {@code *}
     *     or {@code **}
     * @return false if it had this subscription before
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code pattern} is out of its bounds
     * @throws UnknownMemberException if {@code member} is no member
     */
    public boolean subscribe(AgentId member, String pattern) {
        TopicPattern checked = TopicPattern.of(pattern);
        requireKnown(member);
        boolean isNew = subscriptions.add(member, checked);
        if (members.find(member) == null) { // it has left in between
            subscriptions.left(member);
        }
        return isNew;
    }

    /**
     * Ends a subscription.
     *
     * @param member who receives
     * @param pattern the subscription, as it was made
     * @return false if there was none
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code pattern} is out of its bounds
     * @throws UnknownMemberException if {@code member} is no member
     */
    public boolean unsubscribe(AgentId member, String pattern) {
        TopicPattern checked = TopicPattern.of(pattern);
        requireKnown(member);
        return subscriptions.remove(member, checked);
    }

    /**
     * The subscriptions of a member.
     *
     * @param member who receives
     * @return a copy, in the order in which they were made
     * @throws NullPointerException if {@code member} is null
     * @throws UnknownMemberException if it is no member
     */
    public List<String> subscriptions(AgentId member) {
        requireKnown(member);
        return subscriptions.of(member);
    }

    private void requireKnown(AgentId member) {
        if (members.find(Objects.requireNonNull(member, "member")) == null) {
            throw new UnknownMemberException(member);
        }
    }
}
