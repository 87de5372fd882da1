package io.flotilla.journal;

/**
 * The run has another next sequence than the writer expected, since another writer has appended to it or deleted it. No
 * entry of this append was written. Has no stack trace.
 *
 * @since 0.1
 */
public final class StaleAppendException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long expected;
    private final long actual;

    /**
     * For implementations of journals.
     *
     * @param runId the run
     * @param expected the next sequence the writer expected
     * @param actual the next sequence the run has; 0 if it does not exist
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
     * The run.
     *
     * @return its id
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
     * The next sequence the run has; 0 if it does not exist.
     *
     * @return the next sequence the run has; 0 if it does not exist
     */
    public long actual() {
        return actual;
    }
}
