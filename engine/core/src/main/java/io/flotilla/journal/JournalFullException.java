package io.flotilla.journal;

/**
 * The journal has as many runs as it may keep, and the append would create another one. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalFullException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long maxRuns;

    /**
     * For implementations of journals.
     *
     * @param runId the id of the refused run
     * @param maxRuns the most runs that the journal keeps
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
     * The refused run.
     *
     * @return the id of the refused run
     */
    public String runId() {
        return runId;
    }

    /**
     * The most runs that the journal keeps.
     *
     * @return the most runs that the journal keeps
     */
    public long maxRuns() {
        return maxRuns;
    }
}
