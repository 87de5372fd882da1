package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.internal.Shown;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A question that waits for its answer. Immutable, as far as the choices are.
 *
 * @param id what to call {@link Run#answer} with; unlike any other of the run
 * @param agent who asks; for a join that asks, the agent that forked, or the rendezvous
 * @param branch on which branch
 * @param text what is asked
 * @param choices the answers there are, if not any will do: {@code proceed} and {@code fail} for a join
 * @param deadline until when, on the engine's clock; null for as long as the run lives
 * @param answerType what an answer must be an instance of; null if any will do, and for a join
 * @since 0.1
 */
public record PendingQuestion(
        String id,
        String agent,
        BranchPath branch,
        String text,
        List<Object> choices,
        @Nullable Instant deadline,
        @Nullable Class<?> answerType) {

    /** The choices of a join that asks; {@code true} and {@code false} mean the same. */
    static final List<Object> OF_JOINS = List.of("proceed", "fail");

    private static final int MAX_SHOWN = 10;

    /**
     * Copies the list.
     *
     * @param id its id
     * @param agent who asks
     * @param branch on which branch
     * @param text what is asked
     * @param choices the answers there are
     * @param deadline until when
     * @param answerType what an answer must be an instance of
     */
    public PendingQuestion {
        choices = List.copyOf(choices);
    }

    /**
     * What an answer must be, for people.
     *
     * @return {@code string}, {@code int}, {@code boolean}, and such for the types that every codec knows, else the simple name of
     *     the class; {@code any} if any will do
     */
    public String answerTypeName() {
        return Question.typeName(answerType);
    }

    /** Throws {@link InvalidAnswerException} if it is none. Calls {@code equals} of a choice. */
    void check(@Nullable Object answer) {
        if (answerType != null && !answerType.isInstance(answer)) {
            throw new InvalidAnswerException(id, expected(), found(answer));
        }
        if (choices.isEmpty()) {
            return;
        }
        boolean isOfJoin = answerType == null && OF_JOINS.equals(choices); // of others with texts the type is known
        if (!(isOfJoin && answer instanceof Boolean) && !isChoice(answer)) {
            throw new InvalidAnswerException(id, expected(), found(answer));
        }
    }

    private boolean isChoice(@Nullable Object answer) {
        return choices.stream().anyMatch(choice -> isEqual(choice, answer));
    }

    /** A choice whose {@code equals} throws is none. */
    private static boolean isEqual(Object choice, @Nullable Object answer) {
        try {
            return choice.equals(answer);
        } catch (Throwable thrown) { // the user's own
            return false;
        }
    }

    private String expected() {
        if (choices.isEmpty()) {
            return "of type " + answerTypeName();
        }
        String shown =
                choices.stream().limit(MAX_SHOWN).map(Shown::of).collect(Collectors.joining(", ", "one of ", ""));
        return choices.size() <= MAX_SHOWN ? shown : shown + " and " + (choices.size() - MAX_SHOWN) + " more";
    }

    private String found(@Nullable Object answer) {
        if (answer == null) {
            return "null";
        }
        boolean isOfType = answerType != null && answerType.isInstance(answer);
        return (isOfType ? "another " : "of type ") + Question.typeName(answer.getClass());
    }

    @Override
    public String toString() {
        return "question " + id + " of agent " + agent + " (branch " + branch + "): " + text;
    }

    /**
     * The question as JSON has it: the components under their names, of the type its {@link #answerTypeName()}.
     *
     * @return texts, null and a list of values; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("id", id)
                .text("agent", agent)
                .text("branch", branch)
                .text("text", text)
                .value("choices", choices)
                .instant("deadline", deadline)
                .text("answerType", answerTypeName())
                .toMap();
    }
}
