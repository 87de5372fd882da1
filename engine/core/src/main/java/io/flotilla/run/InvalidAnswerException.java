package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * An answer to a question is not of the type that was asked for, or not one of the choices. It is refused; the question stays. The
 * answer itself is not in here, since it may be a secret.
 *
 * @since 0.1
 */
public final class InvalidAnswerException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String questionId;
    private final String expected;
    private final String found;

    InvalidAnswerException(String questionId, String expected, String found) {
        super("answer to question " + questionId + " must be " + expected + ", was " + found, null);
        this.questionId = questionId;
        this.expected = expected;
        this.found = found;
    }

    /**
     * Which question.
     *
     * @return its {@link PendingQuestion#id()}
     */
    public String questionId() {
        return questionId;
    }

    /**
     * What an answer must be.
     *
     * @return in words, such as {@code of type string} or {@code one of "yes", "no"}
     */
    public String expected() {
        return expected;
    }

    /**
     * What the answer was.
     *
     * @return its type in words, never its value
     */
    public String found() {
        return found;
    }
}
