package io.flotilla.run;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something an agent asks a person. The branch that asks waits; the others continue. Immutable, as far as the default
 * is.
 *
 * @since 0.1
 */
public final class Question {

    private final String text;
    private final @Nullable Duration timeout;
    private final boolean answeredByDefault;
    private final @Nullable Object defaultAnswer;

    private Question(String text, @Nullable Duration timeout, boolean answeredByDefault, @Nullable Object byDefault) {
        this.text = text;
        this.timeout = timeout;
        this.answeredByDefault = answeredByDefault;
        this.defaultAnswer = byDefault;
    }

    /**
     * A question that waits until it is answered, or the run ends.
     *
     * @param text what is asked
     * @return the question
     * @throws NullPointerException if {@code text} is null
     */
    public static Question of(String text) {
        return new Question(Objects.requireNonNull(text, "text"), null, false, null);
    }

    /**
     * The same question with a deadline. If nobody has answered by then, the default is the answer; without a default
     * the branch fails with {@link QuestionExpiredException}.
     *
     * @param timeout how long it may be open; more than zero
     * @return a question with that deadline
     * @throws NullPointerException if {@code timeout} is null
     * @throws IllegalArgumentException if {@code timeout} is not more than zero, or more than 292 years
     */
    public Question timeout(Duration timeout) {
        return new Question(text, Bounds.positive("timeout", timeout), answeredByDefault, defaultAnswer);
    }

    /**
     * The same question with an answer for when nobody gives one in time. Without {@link #timeout} it is never used.
     *
     * @param value the answer; may be null
     * @return a question with that default
     */
    public Question defaultAnswer(@Nullable Object value) {
        return new Question(text, timeout, true, value);
    }

    Question withText(String other) {
        return new Question(other, timeout, answeredByDefault, defaultAnswer);
    }

    /**
     * What is asked.
     *
     * @return the text
     */
    public String text() {
        return text;
    }

    /**
     * How long it may be open.
     *
     * @return the time, or null for as long as the run lives
     */
    public @Nullable Duration timeout() {
        return timeout;
    }

    /**
     * Whether there is an answer for when nobody gives one.
     *
     * @return true after {@link #defaultAnswer}
     */
    public boolean hasDefault() {
        return answeredByDefault;
    }

    /**
     * The answer for when nobody gives one.
     *
     * @return what {@link #defaultAnswer} was given; null without a default, or if the default is null
     */
    public @Nullable Object defaultAnswer() {
        return defaultAnswer;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Question that
                && text.equals(that.text)
                && Objects.equals(timeout, that.timeout)
                && answeredByDefault == that.answeredByDefault
                && Objects.equals(defaultAnswer, that.defaultAnswer);
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, timeout, answeredByDefault, defaultAnswer);
    }

    /** The text, and the deadline if there is one. */
    @Override
    public String toString() {
        return timeout == null ? text : text + " (within " + timeout + ")";
    }
}
