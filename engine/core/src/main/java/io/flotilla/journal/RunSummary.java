package io.flotilla.journal;

import java.time.Instant;
import java.util.Objects;

/**
 * What is known of a run without reading it. Immutable.
 *
 * @param runId which run
 * @param entries how many entries it has, which is its next sequence; 1 or more
 * @param startedAt when its first entry happened
 * @param lastAppendedAt when its last entry happened
 * @param lastType of what type its last entry is
 * @param bytes the size of all its payloads together
 * @since 0.1
 */
public record RunSummary(
        String runId, long entries, Instant startedAt, Instant lastAppendedAt, String lastType, long bytes) {

    /**
     * Checks for nulls.
     *
     * @param runId which run
     * @param entries how many entries it has
     * @param startedAt when its first entry happened
     * @param lastAppendedAt when its last entry happened
     * @param lastType of what type its last entry is
     * @param bytes the size of all its payloads together
     * @throws NullPointerException if an argument is null
     */
    public RunSummary {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(startedAt, "startedAt");
        Objects.requireNonNull(lastAppendedAt, "lastAppendedAt");
        Objects.requireNonNull(lastType, "lastType");
    }
}
