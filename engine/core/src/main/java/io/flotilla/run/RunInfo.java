package io.flotilla.run;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a journal says of a run without a replay, see {@link Runs#list(RunFilter)}. Immutable.
 *
 * @param runId which run
 * @param workflow the name of its workflow
 * @param version the version of its workflow: the one it was started with, or was {@linkplain Runs#migrate moved to}
 *     before it ended; may be empty
 * @param labels what it was started with, see {@link RunOptions#label}
 * @param parent the id of the run that it is nested in; null if it was started by itself
 * @param status how it has ended, or that it has not
 * @param isLive whether it is live in this process
 * @param startedAt when it was started
 * @param lastAppendedAt when the last of its facts happened
 * @param facts how many facts the journal has of it, notes included
 * @since 0.1
 */
public record RunInfo(
        String runId,
        String workflow,
        String version,
        Map<String, String> labels,
        @Nullable String parent,
        Status status,
        boolean isLive,
        Instant startedAt,
        Instant lastAppendedAt,
        long facts) {

    /** How a recorded run has ended. */
    public enum Status {
        /** It has not: it is live, or waits to be recovered. */
        UNFINISHED,
        /** It has answered. */
        SUCCEEDED,
        /** It has failed. */
        FAILED,
        /** It was cancelled. */
        CANCELLED
    }

    /**
     * Copies the labels.
     *
     * @param runId which run
     * @param workflow the name of its workflow
     * @param version the version of its workflow
     * @param labels what it was started with
     * @param parent the id of the run that it is nested in
     * @param status how it has ended
     * @param isLive whether it is live in this process
     * @param startedAt when it was started
     * @param lastAppendedAt when the last of its facts happened
     * @param facts how many facts there are
     * @throws NullPointerException if an argument but {@code parent} is null
     */
    public RunInfo {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(workflow, "workflow");
        Objects.requireNonNull(version, "version");
        labels = Map.copyOf(labels);
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(startedAt, "startedAt");
        Objects.requireNonNull(lastAppendedAt, "lastAppendedAt");
    }
}
