package io.flotilla.journal;

/**
 * A write failed: the disk is full, a sync failed, or the file is damaged. The journal writes nothing any more, since it
 * cannot know what would be durable. Entries acknowledged before are kept, and reads still work where possible. Close the
 * journal, remove the cause, and open it again; entries that were not acknowledged may be there.
 *
 * @since 0.1
 */
public final class JournalPoisonedException extends JournalException {

    private static final long serialVersionUID = 1L;

    /**
     * For implementations of journals.
     *
     * @param cause the first failure
     */
    public JournalPoisonedException(Throwable cause) {
        super("the journal writes nothing any more since a write failed: " + cause, cause, false);
    }
}
