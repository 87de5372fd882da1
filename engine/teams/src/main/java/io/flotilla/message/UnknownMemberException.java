package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;

/**
 * A network has no member of this id: there never was one, or it has left.
 *
 * @since 0.1
 */
public final class UnknownMemberException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId member;

    /**
     * Names who is no member.
     *
     * @param member who
     * @throws NullPointerException if {@code member} is null
     */
    public UnknownMemberException(AgentId member) {
        super("the network has no member " + member, null);
        this.member = member;
    }

    /**
     * Whose id it is.
     *
     * @return the id
     */
    public AgentId member() {
        return member;
    }
}
