package io.flotilla.journal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The journal did not answer in time. It is unknown whether the append is in the journal: read the journal or recover the
 * run to find out. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalTimeoutException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final Duration limit;

    /**
     * For writers of a journal.
     *
     * @param limit the time that the journal had
     * @param cause the last error of the journal, or null if it did not answer at all
     */
    public JournalTimeoutException(Duration limit, @Nullable Throwable cause) {
        super("the journal did not complete an append within " + limit, cause, false);
        this.limit = limit;
    }

    /**
     * The time that the journal had.
     *
     * @return the limit
     */
    public Duration limit() {
        return limit;
    }
}
