package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A run cannot be recovered, because it is live in this process: it was started or recovered here and has not ended. The live
 * run is not touched.
 *
 * @since 0.1
 */
public final class RunAlreadyLiveException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    RunAlreadyLiveException(String runId) {
        super("run " + runId + " is live in this process: it was started or recovered here and has not ended", null);
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
