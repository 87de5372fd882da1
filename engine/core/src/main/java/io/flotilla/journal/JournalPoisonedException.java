package io.flotilla.journal;

/**
 * Writing failed: the disk is full, it did not sync, or the file is damaged. From then on the journal writes nothing any more,
 * since it cannot know what of it would last; all that was acknowledged before is kept. Reading goes on where it can. Close
 * it, see to the cause, open it again, and read what is there: what was not acknowledged may be.
 *
 * @since 0.1
 */
public final class JournalPoisonedException extends JournalException {

    private static final long serialVersionUID = 1L;

    /**
     * For those who write a journal.
     *
     * @param cause what failed first
     */
    public JournalPoisonedException(Throwable cause) {
        super("the journal writes nothing any more since a write failed: " + cause, cause, false);
    }
}
