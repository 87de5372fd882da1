package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A question that waits for its answer. Immutable.
 *
 * @param id what to call {@link Run#answer} with; unlike any other of the run
 * @param agent who asks; for a join that asks, the agent that forked, or the rendezvous
 * @param branch on which branch
 * @param text what is asked
 * @param choices the answers there are, if not any will do: {@code proceed} and {@code fail} for a join
 * @param deadline until when, on the engine's clock; null for as long as the run lives
 * @since 0.1
 */
public record PendingQuestion(
        String id,
        String agent,
        BranchPath branch,
        String text,
        List<String> choices,
        @Nullable Instant deadline) {

    /**
     * Copies the list.
     *
     * @param id its id
     * @param agent who asks
     * @param branch on which branch
     * @param text what is asked
     * @param choices the answers there are
     * @param deadline until when
     */
    public PendingQuestion {
        choices = List.copyOf(choices);
    }

    @Override
    public String toString() {
        return "question " + id + " of agent " + agent + " (branch " + branch + "): " + text;
    }

    /**
     * The question as JSON has it: the components under their names.
     *
     * @return texts, null and a list; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("id", id)
                .text("agent", agent)
                .text("branch", branch)
                .text("text", text)
                .list("choices", choices)
                .instant("deadline", deadline)
                .toMap();
    }
}
