package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.observe.Redactor;
import java.util.Objects;
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
                : new RecordedException(messageOf(cause), String.valueOf(cause));
    }

    static RecordedException redacted(Throwable cause, Redactor redactor) {
        return new RecordedException(redacted(messageOf(cause), redactor), redacted(String.valueOf(cause), redactor));
    }

    /** A redactor that fails lets nothing through. */
    static String redacted(String text, Redactor redactor) {
        try {
            return Objects.requireNonNull(redactor.redact(text), "the redactor returned null");
        } catch (RuntimeException failed) {
            return "(withheld, the redactor failed)";
        }
    }

    private static String messageOf(Throwable cause) {
        return cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
    }

    /** What the failure's {@code toString} was. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // it stands for another, whose message and text are two things
    public String toString() {
        return text;
    }
}
