package io.flotilla.run;

/**
 * Every branch of the run has ended, none with a failure that reached the run, and none with an answer.
 *
 * @since 0.1
 */
public final class NoAnswerException extends RunFailure {

    private static final long serialVersionUID = 1L;

    /** The failure of a run without an answer. */
    public NoAnswerException() {
        super("the run ended without an answer: every branch moved on, none to an end", null);
    }

    @Override
    public Kind kind() {
        return Kind.NO_ANSWER;
    }
}
