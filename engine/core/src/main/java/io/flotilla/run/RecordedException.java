package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.observe.Redactor;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a step failed with, as a journal or a redactor has left it: its text, not its type. */
public final class RecordedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String text;

    RecordedException(@Nullable String message, String text) {
        super(message == null ? "" : message, null, false);
        this.text = text;
    }

    static RecordedException of(Throwable cause) {
        return cause instanceof RecordedException recorded
                ? recorded
                : new RecordedException(messageOf(cause), textOf(cause));
    }

    static RecordedException redacted(Throwable cause, Redactor redactor) {
        return new RecordedException(redacted(messageOf(cause), redactor), redacted(textOf(cause), redactor));
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
        return told(cause::getMessage, cause);
    }

    private static String textOf(Throwable cause) {
        return told(cause::toString, cause);
    }

    /** An exception of the user's may throw when it is asked for its message. */
    static String told(Supplier<@Nullable String> text, Throwable cause) {
        String type = cause.getClass().getName();
        try {
            return Objects.requireNonNullElse(text.get(), type);
        } catch (Throwable broken) {
            return type + " (whose message cannot be read)";
        }
    }

    /** What the failure's {@code toString} was. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // it stands for another, whose message and text are two things
    public String toString() {
        return text;
    }
}
