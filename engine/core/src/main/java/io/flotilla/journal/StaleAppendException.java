package io.flotilla.journal;

/**
 * Somebody else has appended to the run, or deleted it, since the writer last looked: nothing of this append was written. Has
 * no stack trace.
 *
 * @since 0.1
 */
public final class StaleAppendException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long expected;
    private final long actual;

    /**
     * For those who write a journal.
     *
     * @param runId which run
     * @param expected the next sequence the writer expected
     * @param actual the next sequence the run has; 0 if it is not there
     */
    public StaleAppendException(String runId, long expected, long actual) {
        super(
                "stale append to run " + runId + ": expected next sequence " + expected + ", it is " + actual,
                null,
                false);
        this.runId = runId;
        this.expected = expected;
        this.actual = actual;
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
     * The next sequence the writer expected.
     *
     * @return the next sequence the writer expected
     */
    public long expected() {
        return expected;
    }

    /**
     * The next sequence the run has; 0 if it is not there.
     *
     * @return the next sequence the run has; 0 if it is not there
     */
    public long actual() {
        return actual;
    }
}
