package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;

/**
 * A manager has no worker of this id: there never was one, or it has left.
 *
 * @since 0.1
 */
public final class UnknownWorkerException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId worker;

    /**
     * Names who is no worker.
     *
     * @param manager whose
     * @param worker who
     * @throws NullPointerException if {@code worker} is null
     */
    public UnknownWorkerException(AgentId manager, AgentId worker) {
        super("manager " + manager + " has no worker " + worker, null);
        this.worker = worker;
    }

    /**
     * Whose id it is.
     *
     * @return the id
     */
    public AgentId worker() {
        return worker;
    }
}
