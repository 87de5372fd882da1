package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * The journal has no run of that id, or none of this workflow.
 *
 * @since 0.1
 */
public final class UnknownRunException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    UnknownRunException(String runId, String why) {
        super("run " + runId + " " + why, null);
        this.runId = runId;
    }

    /**
     * Which run was asked for.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }
}
