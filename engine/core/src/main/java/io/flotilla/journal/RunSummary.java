package io.flotilla.journal;

import java.time.Instant;
import java.util.Objects;

/**
 * What a journal knows about a run without reading its entries. Immutable.
 *
 * @param runId which run
 * @param entries the number of its entries, which is its next sequence; 1 or more
 * @param startedAt the timestamp of its first entry
 * @param lastAppendedAt the timestamp of its last entry
 * @param lastType the type of its last entry
 * @param bytes the total size of its payloads
 * @since 0.1
 */
public record RunSummary(
        String runId, long entries, Instant startedAt, Instant lastAppendedAt, String lastType, long bytes) {

    /**
     * What the types of entries begin with that are no facts of runs: a journal keeps the events of event-sourced states as
     * well, see {@code io.flotilla.state} of {@code flotilla-teams}.
     */
    public static final String STATE_TYPE_PREFIX = "state-";

    /**
     * Checks for nulls.
     *
     * @param runId which run
     * @param entries the number of its entries
     * @param startedAt the timestamp of its first entry
     * @param lastAppendedAt the timestamp of its last entry
     * @param lastType the type of its last entry
     * @param bytes the total size of its payloads
     * @throws NullPointerException if an argument is null
     */
    public RunSummary {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(startedAt, "startedAt");
        Objects.requireNonNull(lastAppendedAt, "lastAppendedAt");
        Objects.requireNonNull(lastType, "lastType");
    }

    /**
     * Whether this is a run, and not the log of a state.
     *
     * @return false if its last entry has a type that begins with {@value #STATE_TYPE_PREFIX}
     */
    public boolean isRun() {
        return !lastType.startsWith(STATE_TYPE_PREFIX);
    }
}
