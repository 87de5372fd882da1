package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import java.util.Objects;

/**
 * A team does not do a task. Without a stack trace.
 *
 * @since 0.1
 */
public final class TaskRejectedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No worker has the capability, or those that had it were stopped. */
        NO_CAPABLE_WORKER,
        /** As many tasks wait as may. */
        QUEUE_FULL,
        /** The team is closed. */
        CLOSED,
        /** The task has come from this manager, through other managers. */
        CIRCULAR,
        /** No peer has bid for it. */
        NO_BIDDER
    }

    private final AgentId by;
    private final Reason reason;

    TaskRejectedException(AgentId by, Reason reason, String message) {
        super(by + ": " + message, null, false);
        this.by = Objects.requireNonNull(by, "by");
        this.reason = reason;
    }

    /**
     * Who does not do it: a manager, or the peer that has offered it.
     *
     * @return its id
     */
    public AgentId by() {
        return by;
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
