package io.flotilla.journal;

import org.jspecify.annotations.Nullable;

/**
 * An entry is not what was appended: altered, missing, or in another's place. Nothing from it on is given out; what is in
 * front of it has been checked and is.
 *
 * @since 0.1
 */
public final class JournalCorruptedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final @Nullable String runId;
    private final long sequence;
    private final String problem;

    /**
     * For those who write a journal.
     *
     * @param runId which run, or null if it is about the journal as a whole
     * @param sequence the first entry that is not as it was, or -1 if it is about more than one run's entries
     * @param what what was found
     * @param cause what the store said, or null if it said nothing
     */
    public JournalCorruptedException(@Nullable String runId, long sequence, String what, @Nullable Throwable cause) {
        super(message(runId, sequence, what), cause, true);
        this.runId = runId;
        this.sequence = sequence;
        this.problem = what;
    }

    /**
     * Which run, or null if it is about the journal as a whole.
     *
     * @return which run, or null if it is about the journal as a whole
     */
    public @Nullable String runId() {
        return runId;
    }

    /**
     * The first entry that is not as it was, or -1 if it is about more than one run's entries.
     *
     * @return the first entry that is not as it was, or -1 if it is about more than one run's entries
     */
    public long sequence() {
        return sequence;
    }

    /**
     * What was found.
     *
     * @return what was found
     */
    public String problem() {
        return problem;
    }

    private static String message(@Nullable String runId, long sequence, String what) {
        String where =
                runId == null ? "the journal" : sequence < 0 ? "run " + runId : "run " + runId + " at " + sequence;
        return where + " is corrupted: " + what;
    }
}
