package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.observe.Redactor;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a step failed with, as a journal or a redactor has left it: its text, not its type. The text is read once, when the
 * step fails, and cut after {@value #MAX_TEXT_LENGTH} characters.
 *
 * @since 0.1
 */
public final class RecordedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    /** The most characters that are kept of an exception's message, and of its {@code toString}; then follows how many there were. */
    public static final int MAX_TEXT_LENGTH = 16_384;

    private final String text;
    private final transient @Nullable Throwable original;

    /**
     * A failure as it was recorded.
     *
     * @param message its message; null for none
     * @param text its {@code toString}
     */
    public RecordedException(@Nullable String message, String text) {
        this(message, text, null);
    }

    private RecordedException(@Nullable String message, String text, @Nullable Throwable original) {
        super(message == null ? "" : message, null, false);
        this.text = text;
        this.original = original;
    }

    /**
     * The text of a failure, which is read now and never again.
     *
     * @param cause what a step failed with; returned as it is if it is a {@code RecordedException}
     * @return its text
     */
    public static RecordedException of(Throwable cause) {
        return cause instanceof RecordedException recorded
                ? recorded
                : new RecordedException(messageOf(cause), textOf(cause), cause);
    }

    /** What the step failed with itself, where that is known; else this. */
    Throwable original() {
        return original == null ? this : original;
    }

    static RecordedException redacted(Throwable cause, Redactor redactor) {
        return new RecordedException(
                cut(redacted(textOf(cause::getMessage, cause), redactor)),
                cut(redacted(textOf(cause::toString, cause), redactor)));
    }

    /** A redactor that fails lets nothing through. */
    static String redacted(String text, Redactor redactor) {
        try {
            return Objects.requireNonNull(redactor.redact(text), "the redactor returned null");
        } catch (Throwable failed) { // a stack that overflows in a pattern too
            return "(withheld, the redactor failed)";
        }
    }

    private static String messageOf(Throwable cause) {
        return cut(textOf(cause::getMessage, cause));
    }

    private static String textOf(Throwable cause) {
        return cut(textOf(cause::toString, cause));
    }

    /** An exception of the user's may throw when it is asked for its message. */
    static String textOf(Supplier<@Nullable String> text, Throwable cause) {
        String type = cause.getClass().getName();
        try {
            return Objects.requireNonNullElse(text.get(), type);
        } catch (Throwable broken) {
            return type + " (whose message cannot be read)";
        }
    }

    /** Not between the halves of a character. */
    private static String cut(String text) {
        if (text.length() <= MAX_TEXT_LENGTH) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(MAX_TEXT_LENGTH - 1)) ? MAX_TEXT_LENGTH - 1 : MAX_TEXT_LENGTH;
        return text.substring(0, end) + "... (" + text.length() + " characters)";
    }

    /** What the failure's {@code toString} was. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // it stands for another, whose message and text are two things
    public String toString() {
        return text;
    }
}
