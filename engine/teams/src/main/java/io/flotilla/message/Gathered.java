package io.flotilla.message;

import io.flotilla.run.Join;
import java.util.List;
import java.util.Objects;

/**
 * The answers to a request to many. Immutable.
 *
 * @param join what was asked for
 * @param isMet whether enough have answered
 * @param answers one for each receiver, in the order in which they joined the network
 * @since 0.1
 */
public record Gathered(Join join, boolean isMet, List<Answer> answers) {

    /**
     * Copies the list.
     *
     * @param join what was asked for
     * @param isMet whether enough have answered
     * @param answers one for each receiver
     * @throws NullPointerException if an argument or an answer is null
     */
    public Gathered {
        Objects.requireNonNull(join, "join");
        answers = List.copyOf(answers);
    }

    /**
     * The receivers whose request ended in a way.
     *
     * @param status which way
     * @return their answers
     */
    public List<Answer> of(Answer.Status status) {
        return answers.stream().filter(answer -> answer.status() == status).toList();
    }

    /**
     * The payloads of all replies.
     *
     * @param type what they must be
     * @param <T> the same
     * @return the payloads, in the order of the answers
     * @throws PayloadTypeException if one is of another type
     */
    public <T> List<T> payloads(Class<T> type) {
        return answers.stream()
                .map(Answer::reply)
                .filter(Objects::nonNull)
                .map(reply -> reply.payload(type))
                .toList();
    }
}
