package io.flotilla.run;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * The journal has no run of that id, or none of this workflow.
 *
 * @since 0.1
 */
public final class UnknownRunException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final @Nullable String workflow;

    private UnknownRunException(String runId, String why, @Nullable String workflow) {
        super("run " + runId + " " + why, null);
        this.runId = runId;
        this.workflow = workflow;
    }

    static UnknownRunException notThere(String runId) {
        return new UnknownRunException(runId, "is not in the journal", null);
    }

    static UnknownRunException noRun(String runId) {
        return new UnknownRunException(runId, "is not a run but the log of a state", null);
    }

    static UnknownRunException ofAnother(String runId, String workflow) {
        return new UnknownRunException(runId, "is of the workflow " + workflow, workflow);
    }

    /**
     * Which run was asked for.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * Of which workflow it is.
     *
     * @return the other workflow's name; null if the journal has no such run, or it is the log of a state
     */
    public @Nullable String workflow() {
        return workflow;
    }
}
