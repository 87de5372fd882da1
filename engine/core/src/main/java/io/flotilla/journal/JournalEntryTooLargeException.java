package io.flotilla.journal;

/**
 * A payload is larger than the journal allows. No entry of the append was written. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalEntryTooLargeException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;
    private final long size;
    private final long maxSize;

    /**
     * For implementations of journals.
     *
     * @param runId the run
     * @param sequence the entry
     * @param size the size of its payload, in bytes
     * @param maxSize the most bytes that the journal allows
     */
    public JournalEntryTooLargeException(String runId, long sequence, long size, long maxSize) {
        super(
                "entry " + sequence + " of run " + runId + " has " + size + " B, at most " + maxSize + " B are kept",
                null,
                false);
        this.runId = runId;
        this.sequence = sequence;
        this.size = size;
        this.maxSize = maxSize;
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
     * The entry.
     *
     * @return its sequence
     */
    public long sequence() {
        return sequence;
    }

    /**
     * The size of its payload, in bytes.
     *
     * @return the size of its payload, in bytes
     */
    public long size() {
        return size;
    }

    /**
     * The most bytes that the journal allows.
     *
     * @return the most bytes that the journal allows
     */
    public long maxSize() {
        return maxSize;
    }
}
