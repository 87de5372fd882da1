package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;

/**
 * The peers that owned a task have left it without a result, and there are no attempts left. Without a stack trace.
 *
 * @since 0.1
 */
public final class TaskLostException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId owner;
    private final PeerEvent.Why why;

    TaskLostException(AgentId owner, long task, PeerEvent.Why why) {
        super("task " + task + " was lost by " + owner + ": " + why, null, false);
        this.owner = owner;
        this.why = why;
    }

    /**
     * The peer that owned it first.
     *
     * @return its id
     */
    public AgentId owner() {
        return owner;
    }

    /**
     * What happened.
     *
     * @return why it has no result
     */
    public PeerEvent.Why why() {
        return why;
    }
}
