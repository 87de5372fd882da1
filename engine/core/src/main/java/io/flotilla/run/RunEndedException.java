package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * What was asked for cannot be done with a run that has ended.
 *
 * @since 0.1
 */
public final class RunEndedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    RunEndedException(String runId) {
        super("run " + runId + " has ended", null);
        this.runId = runId;
    }

    /**
     * Which run.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }
}
