package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A run was suspended in this process, by {@link Run#suspend()} or {@link Runs#shutdown}, before it had ended. It is in the journal as
 * it was, and {@link Runs#recover} continues it, here or in another process.
 *
 * @since 0.1
 */
public final class RunSuspendedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    RunSuspendedException(String runId) {
        super(
                "run " + runId + " is suspended; its journal has it as it was, and Runs.recover continues it",
                null,
                false);
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
