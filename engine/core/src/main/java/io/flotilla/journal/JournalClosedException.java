package io.flotilla.journal;

/**
 * The journal is closed or closing. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalClosedException extends JournalException {

    private static final long serialVersionUID = 1L;

    /** For implementations of journals. */
    public JournalClosedException() {
        super("the journal is closed", null, false);
    }
}
