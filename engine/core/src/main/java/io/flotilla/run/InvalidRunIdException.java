package io.flotilla.run;

import io.flotilla.FlotillaException;
import io.flotilla.journal.JournalBounds;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A run cannot have this id: it is empty, too long, or has characters that are not allowed. The message says which, and does not
 * repeat the id, which may come from outside.
 *
 * @since 0.1
 */
public final class InvalidRunIdException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private InvalidRunIdException(String problem) {
        super(
                "a run id must have 1 to " + JournalBounds.MAX_RUN_ID_LENGTH
                        + " printable ASCII characters without spaces and slashes, " + problem,
                null);
    }

    /** Slashes end the run id in the ids of steps: with one in it, two steps could have the same id. */
    static String checked(String runId) {
        String problem = problem(Objects.requireNonNull(runId, "runId"));
        if (problem != null) {
            throw new InvalidRunIdException(problem);
        }
        return runId;
    }

    private static @Nullable String problem(String runId) {
        if (runId.isEmpty() || runId.length() > JournalBounds.MAX_RUN_ID_LENGTH) {
            return "had " + runId.length();
        }
        for (int at = 0; at < runId.length(); at++) {
            char character = runId.charAt(at);
            if (character <= ' ' || character > '~' || character == '/') {
                return String.format("had U+%04X at %d of %d", (int) character, at, runId.length());
            }
        }
        return null;
    }
}
