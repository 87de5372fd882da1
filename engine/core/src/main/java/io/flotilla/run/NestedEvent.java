package io.flotilla.run;

import java.util.Objects;

/**
 * An event of a nested run, as the {@link RunOutput.Emitted#value()} of the step that it is. Immutable.
 *
 * @param runId the id of the nested run
 * @param event what has happened in it
 * @since 0.1
 */
public record NestedEvent(String runId, RunEvent event) {

    /**
     * Checks for nulls.
     *
     * @param runId the id of the nested run
     * @param event what has happened in it
     * @throws NullPointerException if an argument is null
     */
    public NestedEvent {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(event, "event");
    }
}
