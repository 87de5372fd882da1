package io.flotilla.run;

import java.util.Objects;

/**
 * What a step of a nested run tells while it runs, as the {@link RunOutput.Emitted#value()} of the step that the nested run is.
 * Immutable, as far as values are.
 *
 * @param runId the id of the nested run
 * @param output what its step tells
 * @since 0.1
 */
public record NestedOutput(String runId, RunOutput output) {

    /**
     * Checks for nulls.
     *
     * @param runId the id of the nested run
     * @param output what its step tells
     * @throws NullPointerException if an argument is null
     */
    public NestedOutput {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(output, "output");
    }
}
