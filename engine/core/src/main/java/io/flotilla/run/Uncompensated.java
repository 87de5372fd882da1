package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A settled step that could not be undone. Immutable.
 *
 * @param agent whose step it was
 * @param branch on which branch
 * @param step which step of the branch, from 0
 * @param reason what its compensation failed with
 * @since 0.1
 */
public record Uncompensated(String agent, BranchPath branch, long step, String reason) {

    /**
     * The step as JSON has it: the components under their names.
     *
     * @return texts and a number; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("agent", agent)
                .text("branch", branch)
                .number("step", step)
                .text("reason", reason)
                .toMap();
    }
}
