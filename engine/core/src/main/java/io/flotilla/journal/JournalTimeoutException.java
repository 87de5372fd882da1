package io.flotilla.journal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The journal has not answered in time. Whether the append is in the journal is unknown: read it, or recover the run, to find
 * out. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalTimeoutException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final Duration limit;

    /**
     * For those who write to a journal.
     *
     * @param limit how long the journal was given
     * @param cause what the journal last answered to an attempt, or null if it did not answer at all
     */
    public JournalTimeoutException(Duration limit, @Nullable Throwable cause) {
        super("the journal did not complete an append within " + limit, cause, false);
        this.limit = limit;
    }

    /**
     * How long the journal was given.
     *
     * @return the limit
     */
    public Duration limit() {
        return limit;
    }
}
