package io.flotilla.pool;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * An {@link AgentPool} has no agent to lend. Has no stack trace.
 *
 * @since 0.1
 */
public final class AgentPoolException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /** Why there is none. */
    public enum Reason {
        /** All agents are in use, and as many borrowers wait as may. */
        FULL,
        /** No agent became free within the acquire timeout. */
        TIMED_OUT,
        /** The pool is closed. */
        CLOSED,
        /** The factory threw, failed, returned null, completed without an agent, or took too long. */
        CREATION_FAILED
    }

    private final AgentId pool;
    private final Reason reason;

    AgentPoolException(AgentId pool, Reason reason, String message, @Nullable Throwable cause) {
        super("pool " + pool + ": " + message, cause, false);
        this.pool = pool;
        this.reason = reason;
    }

    /**
     * Which pool.
     *
     * @return its id
     */
    public AgentId pool() {
        return pool;
    }

    /**
     * Why there is no agent.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
