package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A step has failed, since the nested run that it is has failed or was cancelled. What that could not undo is in the message.
 *
 * @since 0.1
 */
public final class NestedRunException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;

    NestedRunException(RunResult<?> result) {
        super(message(result), result.failure());
        this.runId = result.runId();
    }

    private static String message(RunResult<?> result) {
        String how = result.status() == RunResult.Status.CANCELLED
                ? "been cancelled"
                : "failed: " + Recovery.text(result.failure());
        String left = result.uncompensated().isEmpty() ? "" : "; could not be undone: " + result.uncompensated();
        return "nested run " + result.runId() + " has " + how + left;
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
