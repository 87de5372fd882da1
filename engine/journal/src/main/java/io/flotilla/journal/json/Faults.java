package io.flotilla.journal.json;

import io.flotilla.journal.PayloadException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;

/** What others throw, without its text: that may have the payload in it. */
final class Faults {

    private Faults() {}

    static PayloadException of(String what, Throwable thrown) {
        return new PayloadException(what + ": " + describe(thrown), null);
    }

    private static String describe(Throwable thrown) {
        if (thrown instanceof StreamConstraintsException bound) {
            return bound.getOriginalMessage(); // sizes only
        }
        if (thrown instanceof StreamReadException notJson) {
            String original = notJson.getOriginalMessage();
            return (original != null && original.startsWith("Duplicate") ? "a key is there twice" : "not JSON")
                    + ", at char "
                    + notJson.getLocation().getCharOffset();
        }
        String text = thrown.getClass().getSimpleName();
        if (thrown instanceof JacksonException located && !located.getPath().isEmpty()) {
            text += " at " + located.getPathReference();
        }
        Throwable cause = thrown.getCause();
        return cause == null ? text : text + ", " + cause.getClass().getName();
    }
}
