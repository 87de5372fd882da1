package io.flotilla.journal;

import org.jspecify.annotations.Nullable;

/**
 * An entry is not what was appended: it was altered, is missing, or is in the place of another entry. A read emits the
 * entries before it, which have been checked, and none from it on.
 *
 * @since 0.1
 */
public final class JournalCorruptedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final @Nullable String runId;
    private final long sequence;
    private final String problem;

    /**
     * For implementations of journals.
     *
     * @param runId the run, or null if the journal as a whole is damaged
     * @param sequence the first entry that differs, or -1 if the damage is not limited to the entries of one run
     * @param what what was found
     * @param cause the error of the store, or null if it reported none
     */
    public JournalCorruptedException(@Nullable String runId, long sequence, String what, @Nullable Throwable cause) {
        super(message(runId, sequence, what), cause, true);
        this.runId = runId;
        this.sequence = sequence;
        this.problem = what;
    }

    /**
     * The run, or null if the journal as a whole is damaged.
     *
     * @return the run, or null if the journal as a whole is damaged
     */
    public @Nullable String runId() {
        return runId;
    }

    /**
     * The first entry that differs, or -1 if the damage is not limited to the entries of one run.
     *
     * @return the first entry that differs, or -1 if the damage is not limited to the entries of one run
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
