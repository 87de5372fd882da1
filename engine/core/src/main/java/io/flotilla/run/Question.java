package io.flotilla.run;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something an agent asks a person. The branch that asks waits; everybody else goes on. Immutable, as far as the default
 * is.
 */
public final class Question {

    private final String text;
    private final @Nullable Duration within;
    private final boolean answeredByDefault;
    private final @Nullable Object byDefault;

    private Question(String text, @Nullable Duration within, boolean answeredByDefault, @Nullable Object byDefault) {
        this.text = text;
        this.within = within;
        this.answeredByDefault = answeredByDefault;
        this.byDefault = byDefault;
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
     * @param within how long it may be open; more than zero
     * @return a question with that deadline
     * @throws NullPointerException if {@code within} is null
     * @throws IllegalArgumentException if {@code within} is not more than zero, or more than 292 years
     */
    public Question within(Duration within) {
        return new Question(text, Bounds.positive("within", within), answeredByDefault, byDefault);
    }

    /**
     * The same question with an answer for when nobody gives one in time. Without {@link #within} it is never used.
     *
     * @param value the answer; may be null
     * @return a question with that default
     */
    public Question orElse(@Nullable Object value) {
        return new Question(text, within, true, value);
    }

    Question withText(String other) {
        return new Question(other, within, answeredByDefault, byDefault);
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
    public @Nullable Duration within() {
        return within;
    }

    /**
     * Whether there is an answer for when nobody gives one.
     *
     * @return true after {@link #orElse}
     */
    public boolean hasDefault() {
        return answeredByDefault;
    }

    /**
     * The answer for when nobody gives one.
     *
     * @return what {@link #orElse} was given; null without a default, or if the default is null
     */
    public @Nullable Object byDefault() {
        return byDefault;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Question that
                && text.equals(that.text)
                && Objects.equals(within, that.within)
                && answeredByDefault == that.answeredByDefault
                && Objects.equals(byDefault, that.byDefault);
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, within, answeredByDefault, byDefault);
    }

    /** The text, and the deadline if there is one. */
    @Override
    public String toString() {
        return within == null ? text : text + " (within " + within + ")";
    }
}
