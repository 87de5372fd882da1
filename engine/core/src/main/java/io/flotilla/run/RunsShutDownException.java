package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A run is not started, recovered or forked, since {@link Runs#shutdown} was called on its workflow. The journal has nothing of a run
 * that was to be started.
 *
 * @since 0.1
 */
public final class RunsShutDownException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String workflow;

    RunsShutDownException(String workflow) {
        super("the runs of workflow " + workflow + " are shut down: no more are started or recovered here", null);
        this.workflow = workflow;
    }

    /**
     * Which workflow.
     *
     * @return its name
     */
    public String workflow() {
        return workflow;
    }
}
