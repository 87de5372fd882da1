package io.flotilla.agent;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import io.flotilla.internal.BlockingLevel;
import java.time.Duration;

/**
 * Blocking agents wait for rounds of blocking agents, which find no thread: too many levels deep, or on a pool whose threads
 * their callers keep. Signalled instead of waiting for a thread that is never returned. Has no stack trace.
 *
 * @since 0.1
 */
public final class NestedBlockingException extends FlotillaException {

    /** How long a nested body waits for a thread of a pool that one of its callers runs on. */
    static final Duration MAX_WAIT = Duration.ofSeconds(1);

    private static final long serialVersionUID = 1L;

    private final int depth;

    private NestedBlockingException(String message, int depth) {
        super(message, null, false);
        this.depth = depth;
    }

    static NestedBlockingException tooDeep(AgentId agent, int depth) {
        return new NestedBlockingException(
                "agent " + agent + " blocks for " + depth + " blocking agents that wait for each other, the most is "
                        + BlockingLevel.MAX + ": let the outer ones return a Mono instead",
                depth);
    }

    static NestedBlockingException noThread(AgentId agent, int depth) {
        return new NestedBlockingException(
                "agent " + agent + " found no thread within " + MAX_WAIT
                        + " on a pool whose threads are kept by the agents that wait for it: give it a pool of its own",
                depth);
    }

    /**
     * The depth of the nesting.
     *
     * @return how many blocking bodies wait for the one that was refused
     */
    public int depth() {
        return depth;
    }
}
