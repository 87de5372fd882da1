package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A worker was stopped for good, and its failure goes up: by its {@link Supervision}, or since it would have to be restarted
 * more often than that allows. The cause is what its step failed with. Without a stack trace.
 *
 * @since 0.1
 */
public final class WorkerEscalatedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId worker;

    WorkerEscalatedException(AgentId worker, String why, @Nullable Throwable cause) {
        super("worker " + worker + " is stopped, " + why, cause, false);
        this.worker = worker;
    }

    /**
     * Which worker.
     *
     * @return its id
     */
    public AgentId worker() {
        return worker;
    }
}
