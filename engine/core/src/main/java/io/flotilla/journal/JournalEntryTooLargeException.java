package io.flotilla.journal;

/**
 * An entry's payload is larger than the journal takes: nothing of the append was written. Has no stack trace.
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
     * For those who write a journal.
     *
     * @param runId which run
     * @param sequence which entry
     * @param size how many bytes it has
     * @param maxSize how many it may have
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
     * Which run.
     *
     * @return which run
     */
    public String runId() {
        return runId;
    }

    /**
     * Which entry.
     *
     * @return which entry
     */
    public long sequence() {
        return sequence;
    }

    /**
     * How many bytes it has.
     *
     * @return how many bytes it has
     */
    public long size() {
        return size;
    }

    /**
     * How many it may have.
     *
     * @return how many it may have
     */
    public long maxSize() {
        return maxSize;
    }
}
