package io.flotilla.run;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A step has failed, since the nested run that it is has failed or was cancelled.
 *
 * @since 0.1
 */
public final class NestedRunException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    NestedRunException(String runId, RunResult.Status status, @Nullable Throwable cause) {
        super(
                "nested run " + runId + " has "
                        + (status == RunResult.Status.CANCELLED ? "been cancelled" : "failed: " + Recovery.text(cause)),
                cause);
        this.runId = runId;
    }

    /**
     * Which run.
     *
     * @return the id of the nested run
     */
    public String runId() {
        return runId;
    }
}
