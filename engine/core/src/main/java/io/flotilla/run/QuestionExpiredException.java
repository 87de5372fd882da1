package io.flotilla.run;

import io.flotilla.internal.JsonFields;

/**
 * Nobody answered a question before its deadline, and it had no default.
 *
 * @since 0.1
 */
public final class QuestionExpiredException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final transient PendingQuestion question;

    /**
     * The failure of the branch that asked.
     *
     * @param question what was asked
     */
    public QuestionExpiredException(PendingQuestion question) {
        super("nobody answered " + question, null);
        this.question = question;
    }

    @Override
    public Kind kind() {
        return Kind.QUESTION_EXPIRED;
    }

    /**
     * What was asked.
     *
     * @return the question
     */
    public PendingQuestion question() {
        return question;
    }

    @Override
    void describe(JsonFields fields) {
        fields.map("question", question.toMap());
    }
}
