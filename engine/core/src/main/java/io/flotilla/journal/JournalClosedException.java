package io.flotilla.journal;

/**
 * The journal has been closed, or is closing. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalClosedException extends JournalException {

    private static final long serialVersionUID = 1L;

    /** For those who write a journal. */
    public JournalClosedException() {
        super("the journal is closed", null, false);
    }
}
