package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A recorded run cannot be read back because of an {@link Error}: it needs more memory or stack than there is, or a class is
 * missing. The journal is as it was.
 *
 * @since 0.1
 */
public final class RecoveryFailedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;

    RecoveryFailedException(String runId, long sequence, Error cause) {
        super("run " + runId + " cannot be read back at fact " + sequence + ": " + cause, cause);
        this.runId = runId;
        this.sequence = sequence;
    }

    /**
     * Which run.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * How far it was read.
     *
     * @return the number of the fact at which it failed
     */
    public long sequence() {
        return sequence;
    }
}
