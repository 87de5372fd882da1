package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.journal.StaleAppendException;

/**
 * A run cannot be started under this id: another run has it. That run is not touched.
 *
 * @since 0.1
 */
public final class RunIdTakenException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    private RunIdTakenException(String runId, String by) {
        super("run id " + runId + " is taken by " + by, null);
        this.runId = runId;
    }

    static RunIdTakenException byAnotherTask(String runId) {
        return new RunIdTakenException(runId, "a run with another task");
    }

    static RunIdTakenException byAnotherWorkflow(String runId, String workflow) {
        return new RunIdTakenException(runId, "a run of the workflow " + workflow);
    }

    static RunIdTakenException byARecordedRun(String runId) {
        return new RunIdTakenException(
                runId, "a run in the journal that is not live; Workflow.submit continues it, Workflow.start cannot");
    }

    static RunIdTakenException byADeletedRuns(String runId) {
        return new RunIdTakenException(runId, "a run that was nested in one which was deleted, and has not ended");
    }

    /** If the journal has refused the first fact of a run, its id, which was the caller's, is taken; else {@code why}. */
    static Throwable orElse(Throwable why, String runId) {
        return why instanceof StaleAppendException stale && stale.expected() == 0 ? byARecordedRun(runId) : why;
    }

    /**
     * Which id.
     *
     * @return the id that was asked for
     */
    public String runId() {
        return runId;
    }
}
