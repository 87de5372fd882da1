package io.flotilla.journal;

/**
 * The journal keeps as many runs as it may, and this would be another one. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalFullException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long maxRuns;

    /**
     * For those who write a journal.
     *
     * @param runId which run was refused
     * @param maxRuns how many it keeps
     */
    public JournalFullException(String runId, long maxRuns) {
        super(
                "no room for run " + runId + ": the journal keeps " + maxRuns + " runs at most, delete some",
                null,
                false);
        this.runId = runId;
        this.maxRuns = maxRuns;
    }

    /**
     * Which run was refused.
     *
     * @return which run was refused
     */
    public String runId() {
        return runId;
    }

    /**
     * How many it keeps.
     *
     * @return how many it keeps
     */
    public long maxRuns() {
        return maxRuns;
    }
}
