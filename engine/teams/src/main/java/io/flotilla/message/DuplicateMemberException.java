package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;

/**
 * A network has a member of this id already.
 *
 * @since 0.1
 */
public final class DuplicateMemberException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId member;

    DuplicateMemberException(AgentId member) {
        super("the network has a member " + member + " already", null);
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
