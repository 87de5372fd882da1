package io.flotilla.journal;

/**
 * The run was deleted while it was read. Has no stack trace.
 *
 * @since 0.1
 */
public final class RunDeletedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;

    /**
     * For those who write a journal.
     *
     * @param runId which run
     * @param sequence the first entry that was not there any more
     */
    public RunDeletedException(String runId, long sequence) {
        super("run " + runId + " was deleted while it was read, up to " + sequence, null, false);
        this.runId = runId;
        this.sequence = sequence;
    }

    /**
     * Which run.
     *
     * @return which run
     */
    public String runId() {
        return runId;
    }

    /**
     * The first entry that was not there any more.
     *
     * @return the first entry that was not there any more
     */
    public long sequence() {
        return sequence;
    }
}
