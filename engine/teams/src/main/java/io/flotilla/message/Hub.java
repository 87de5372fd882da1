package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A star: each member reaches each other by its id, and all others at once ({@link Envelope#toAll}). Nobody subscribes to
 * topics here: what is published on one has no receiver.
 *
 * <p>Senders need not be members. Thread-safe.
 *
 * @since 0.1
 */
public final class Hub extends MemberNetwork {

    private Hub(NetworkOptions options) {
        super(options, new Star());
    }

    /**
     * A hub with all defaults.
     *
     * @return without members
     */
    public static Hub create() {
        return create(NetworkOptions.defaults());
    }

    /**
     * A hub.
     *
     * @param options what all networks have in common
     * @return without members
     * @throws NullPointerException if {@code options} is null
     */
    public static Hub create(NetworkOptions options) {
        return new Hub(options);
    }

    /** Everybody reaches everybody. */
    private static final class Star implements Router {

        @Override
        public DeadLetter.@Nullable Reason refusal(AgentId from, AgentId to) {
            return null;
        }

        @Override
        public List<Member> neighbours(AgentId sender, Members members) {
            return members.all().stream()
                    .filter(member -> !member.id().equals(sender))
                    .toList();
        }

        @Override
        public List<Member> subscribers(String topic, Members members) {
            return List.of();
        }

        @Override
        public void left(AgentId member) {
            // it has no links
        }
    }
}
