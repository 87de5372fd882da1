package io.flotilla.security;

import io.flotilla.journal.JournalBounds;
import java.util.Objects;

/**
 * Where a sealed run stood at a moment. Kept elsewhere than the journal, it shows later whether the end of the run was cut off, or the
 * whole file replaced by an older one, which no seal inside the file can show. Immutable, and no secret.
 *
 * @param runId the run
 * @param entries the number of its entries; 1 or more
 * @param seal the seal of the last of them, in hexadecimal digits
 * @since 0.1
 */
public record SealHead(String runId, long entries, String seal) {

    /**
     * Checks the components.
     *
     * @param runId the run
     * @param entries the number of its entries
     * @param seal the seal of the last of them
     * @throws NullPointerException if a component is null
     * @throws IllegalArgumentException if {@code runId} or {@code entries} is out of its bounds
     */
    public SealHead {
        JournalBounds.checkRunId(runId);
        if (entries < 1) {
            throw new IllegalArgumentException("entries must be >= 1, was " + entries);
        }
        Objects.requireNonNull(seal, "seal");
    }
}
