package io.flotilla.run;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a run goes over to another version of its workflow, see {@link Runs#migrate} and {@link Runs#checkMigration}. Immutable.
 *
 * @param runId which run
 * @param from the version it is of; may be empty
 * @param to the version it goes over to; may be empty
 * @param changes what differs in the workflow since the run was recorded, in words
 * @param problem why it cannot be done; null if it can
 * @since 0.1
 */
public record Migration(
        String runId,
        String from,
        String to,
        List<String> changes,
        @Nullable Throwable problem) {

    /**
     * Copies the list.
     *
     * @param runId which run
     * @param from the version it is of
     * @param to the version it goes over to
     * @param changes what differs in the workflow
     * @param problem why it cannot be done
     * @throws NullPointerException if an argument but {@code problem} is null
     */
    public Migration {
        Objects.requireNonNull(runId, "runId");
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        changes = List.copyOf(changes);
    }

    /**
     * Whether the run's facts allow it.
     *
     * @return true if there is no problem
     */
    public boolean isPossible() {
        return problem == null;
    }
}
