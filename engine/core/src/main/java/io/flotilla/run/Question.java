package io.flotilla.run;

import io.flotilla.internal.Shown;
import io.flotilla.journal.PayloadCodec;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Something an agent asks a person. The branch that asks waits; the others continue. Immutable, as far as the default and the choices
 * are.
 *
 * <p>A question may say what an answer must be, by {@link #answerType} and {@link #choices}. Then {@link Run#answer} refuses any other
 * with {@link InvalidAnswerException}, and the question stays open.
 *
 * @since 0.1
 */
public final class Question {

    private final String text;
    private final @Nullable Duration timeout;
    private final boolean answeredByDefault;
    private final @Nullable Object defaultAnswer;
    private final @Nullable Class<?> answerType;
    private final List<Object> choices;

    private Question(
            String text,
            @Nullable Duration timeout,
            boolean answeredByDefault,
            @Nullable Object byDefault,
            @Nullable Class<?> answerType,
            List<Object> choices) {
        this.text = text;
        this.timeout = timeout;
        this.answeredByDefault = answeredByDefault;
        this.defaultAnswer = byDefault;
        this.answerType = answerType;
        this.choices = choices;
    }

    /** Holds the settings against each other. */
    private Question checked() {
        Class<?> type = answerType;
        if (type != null) {
            for (Object choice : choices) {
                if (!type.isInstance(choice)) {
                    throw new IllegalArgumentException(
                            "choices must be of type " + type.getName() + ", one was of type " + nameOf(choice));
                }
            }
        }
        if (answeredByDefault && type != null && !type.isInstance(defaultAnswer)) {
            throw new IllegalArgumentException(
                    "defaultAnswer must be of type " + type.getName() + ", was of type " + nameOf(defaultAnswer));
        }
        if (answeredByDefault && !choices.isEmpty() && (defaultAnswer == null || !choices.contains(defaultAnswer))) {
            throw new IllegalArgumentException(
                    "defaultAnswer must be one of the " + choices.size() + " choices, was " + Shown.of(defaultAnswer));
        }
        return this;
    }

    private static String nameOf(@Nullable Object value) {
        return value == null ? "null" : value.getClass().getName();
    }

    /** What a type is called before people. */
    static String typeName(@Nullable Class<?> type) {
        String standard = PayloadCodec.basic().nameOf(type == null ? Object.class : type);
        return standard == null && type != null ? type.getSimpleName() : String.valueOf(standard);
    }

    /**
     * A question that waits until it is answered, or the run ends.
     *
     * @param text what is asked
     * @return the question
     * @throws NullPointerException if {@code text} is null
     */
    public static Question of(String text) {
        return new Question(Objects.requireNonNull(text, "text"), null, false, null, null, List.of());
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
        return new Question(
                text, Bounds.positive("timeout", timeout), answeredByDefault, defaultAnswer, answerType, choices);
    }

    /**
     * The same question with an answer for when nobody gives one in time. Without {@link #timeout} it is never used.
     *
     * @param value the answer; may be null, if neither a type nor choices are given
     * @return a question with that default
     * @throws IllegalArgumentException if it is not of the {@link #answerType}, or not one of the {@link #choices}
     */
    public Question defaultAnswer(@Nullable Object value) {
        return new Question(text, timeout, true, value, answerType, choices).checked();
    }

    /**
     * The same question, whose answer must be an instance of a type; null is none. With a journal the type is recorded by a name: that
     * its codec has been given for it, or that of a type which needs no registration, see {@link PayloadCodec#nameOf}. A run whose
     * agent asks for a type without a name ends with {@link io.flotilla.journal.PayloadException}, as it does for a value that cannot be
     * written.
     *
     * @param type what an answer must be
     * @return a question with that type
     * @throws NullPointerException if {@code type} is null
     * @throws IllegalArgumentException if it is primitive, as {@code int.class} is; if the default or a choice is of another type
     */
    public Question answerType(Class<?> type) {
        Bounds.notPrimitive("answerType", type);
        return new Question(text, timeout, answeredByDefault, defaultAnswer, type, choices).checked();
    }

    /**
     * The same question, whose answer must be equal to one of these. See {@link #choices(List)}.
     *
     * @param choices one or more
     * @return a question with these choices
     * @throws NullPointerException if one of them is null
     * @throws IllegalArgumentException as for {@link #choices(List)}
     */
    public Question choices(Object... choices) {
        return choices(List.of(choices));
    }

    /**
     * The same question, whose answer must be equal to one of these. Recorded with the question, so the journal's codec must know their
     * types. If all are of one class, that is the {@link #answerType()}.
     *
     * @param choices one or more
     * @return a question with these choices
     * @throws NullPointerException if {@code choices} or one of them is null
     * @throws IllegalArgumentException if there is none, two are equal, one is not of the {@link #answerType}, or the default is
     *     none of them
     */
    public Question choices(List<?> choices) {
        List<Object> copy = List.copyOf(choices);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("choices must be one or more, were none");
        }
        if (new HashSet<>(copy).size() < copy.size()) {
            throw new IllegalArgumentException("choices must differ, two of the " + copy.size() + " are equal");
        }
        return new Question(text, timeout, answeredByDefault, defaultAnswer, answerType, copy).checked();
    }

    /** With other texts: of the question, and of what choices and default are texts. */
    Question redacted(UnaryOperator<String> redactor) {
        return new Question(
                redactor.apply(text),
                timeout,
                answeredByDefault,
                choices.isEmpty() ? defaultAnswer : redacted(defaultAnswer, redactor),
                answerType,
                choices.stream()
                        .map(choice -> Objects.requireNonNull(redacted(choice, redactor)))
                        .toList());
    }

    private static @Nullable Object redacted(@Nullable Object value, UnaryOperator<String> redactor) {
        return value instanceof String string ? redactor.apply(string) : value;
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

    /**
     * What an answer must be an instance of.
     *
     * @return the type that was given, or that all choices have; null if any will do
     */
    public @Nullable Class<?> answerType() {
        if (answerType != null || choices.isEmpty()) {
            return answerType;
        }
        Class<?> first = classOf(choices.get(0));
        return choices.stream().allMatch(choice -> classOf(choice).equals(first)) ? first : null;
    }

    /** Constants of an enum that have bodies have classes of their own. */
    private static Class<?> classOf(Object choice) {
        return choice instanceof Enum<?> constant ? constant.getDeclaringClass() : choice.getClass();
    }

    /**
     * Whether a type was given, and not only follows from the choices.
     *
     * @return true after {@link #answerType(Class)}
     */
    public boolean hasAnswerType() {
        return answerType != null;
    }

    /**
     * The answers there are.
     *
     * @return as given; empty if any will do
     */
    public List<Object> choices() {
        return choices;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Question that
                && text.equals(that.text)
                && Objects.equals(timeout, that.timeout)
                && answeredByDefault == that.answeredByDefault
                && Objects.equals(defaultAnswer, that.defaultAnswer)
                && Objects.equals(answerType, that.answerType)
                && choices.equals(that.choices);
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, timeout, answeredByDefault, defaultAnswer, answerType, choices);
    }

    /** The text, and the deadline if there is one. */
    @Override
    public String toString() {
        return timeout == null ? text : text + " (within " + timeout + ")";
    }
}
