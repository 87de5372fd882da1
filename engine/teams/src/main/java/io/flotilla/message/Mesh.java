package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Members with links: a message passes only from one end of a link to the other. What is sent to all goes to the sender's
 * neighbours. Nobody subscribes to topics here.
 *
 * <p>Partitions cut links without removing them, to try what happens when a part of the network cannot be reached; healing
 * makes them whole again. Links and partitions apply when a message is sent; what a mailbox has accepted is delivered.
 *
 * <p>A sender has to be a member with a link to the recipient. Thread-safe.
 *
 * @since 0.1
 */
public final class Mesh extends MemberNetwork {

    private final Links links;

    private Mesh(NetworkOptions options, Links links) {
        super(options, links);
        this.links = links;
    }

    /**
     * A mesh with all defaults.
     *
     * @return without members
     */
    public static Mesh create() {
        return create(NetworkOptions.defaults());
    }

    /**
     * A mesh.
     *
     * @param options what all networks have in common
     * @return without members
     * @throws NullPointerException if {@code options} is null
     */
    public static Mesh create(NetworkOptions options) {
        return new Mesh(options, new Links());
    }

    /**
     * Links two members, in both directions.
     *
     * @param one a member
     * @param other another member
     * @return false if they were linked before
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if both are the same
     * @throws UnknownMemberException if one is no member
     */
    public boolean connect(AgentId one, AgentId other) {
        if (known(one).equals(known(other))) {
            throw new IllegalArgumentException("a member must not be linked with itself, was " + one);
        }
        boolean isNew = links.connect(one, other);
        forgetIfGone(one);
        forgetIfGone(other);
        return isNew;
    }

    /** It may have left in between, and what joins under its id later has none of its links. */
    private void forgetIfGone(AgentId member) {
        if (members.find(member) == null) {
            links.left(member);
        }
    }

    /**
     * Removes a link, in both directions.
     *
     * @param one a member
     * @param other another member
     * @return false if there was none
     * @throws NullPointerException if an argument is null
     * @throws UnknownMemberException if one is no member
     */
    public boolean disconnect(AgentId one, AgentId other) {
        return links.disconnect(known(one), known(other));
    }

    /**
     * Whether two members are linked, partitions aside.
     *
     * @param one a member
     * @param other another member
     * @return true if there is a link
     * @throws NullPointerException if an argument is null
     */
    public boolean isConnected(AgentId one, AgentId other) {
        return links.isConnected(Objects.requireNonNull(one, "one"), Objects.requireNonNull(other, "other"));
    }

    /**
     * The members that one is linked with, partitions aside.
     *
     * @param member a member
     * @return a copy; empty for one without links
     * @throws NullPointerException if {@code member} is null
     * @throws UnknownMemberException if it is no member
     */
    public Set<AgentId> neighbours(AgentId member) {
        return links.of(known(member));
    }

    private AgentId known(AgentId member) {
        if (members.find(Objects.requireNonNull(member, "member")) == null) {
            throw new UnknownMemberException(member);
        }
        return member;
    }

    /**
     * Cuts all links between sides. Replaces an earlier partition. Members that are on no side, and those that join later,
     * make one more side together.
     *
     * @param sides disjoint; ids need not be members yet
     * @throws NullPointerException if a side or an id is null
     * @throws IllegalArgumentException if an id is on two sides
     */
    public void partition(List<? extends Collection<AgentId>> sides) {
        links.partition(List.copyOf(sides));
    }

    /** Makes all links whole again. */
    public void heal() {
        links.heal();
    }
}
