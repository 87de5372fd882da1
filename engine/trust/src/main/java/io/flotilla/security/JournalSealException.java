package io.flotilla.security;

import io.flotilla.journal.JournalException;

/**
 * The key ring has not the key that an entry of a journal was sealed or encrypted with: it is another ring, or the key was
 * removed. Nothing from that entry on was read. Says nothing of keys.
 *
 * @since 0.1
 */
public final class JournalSealException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;

    JournalSealException(String runId, long sequence, String what) {
        super(
                "run " + runId + " at " + sequence + " cannot be read: the key ring has not the key that " + what,
                null,
                true);
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
     * The first entry that cannot be read.
     *
     * @return its sequence
     */
    public long sequence() {
        return sequence;
    }
}
