package io.flotilla.journal;

/**
 * The run was deleted during a read. Has no stack trace.
 *
 * @since 0.1
 */
public final class RunDeletedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;

    /**
     * For implementations of journals.
     *
     * @param runId the run
     * @param sequence the first entry that was not found
     */
    public RunDeletedException(String runId, long sequence) {
        super("run " + runId + " was deleted while it was read, up to " + sequence, null, false);
        this.runId = runId;
        this.sequence = sequence;
    }

    /**
     * The run.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * The first entry that was not found.
     *
     * @return the first entry that was not found
     */
    public long sequence() {
        return sequence;
    }
}
