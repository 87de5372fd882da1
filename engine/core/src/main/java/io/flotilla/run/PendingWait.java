package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A branch that sleeps, or waits for a signal. Immutable.
 *
 * @param branch which
 * @param agent where it is
 * @param signal the name of the signal; null if it sleeps
 * @param deadline when it goes on at the latest, on the engine's clock; null if it waits for as long as the run lives
 * @since 0.1
 */
public record PendingWait(
        BranchPath branch,
        String agent,
        @Nullable String signal,
        @Nullable Instant deadline) {

    /**
     * The same as JSON has it: the components under their names.
     *
     * @return texts and null; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("branch", branch)
                .text("agent", agent)
                .text("signal", signal)
                .instant("deadline", deadline)
                .toMap();
    }
}
