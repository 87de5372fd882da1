package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A recorded run cannot be followed: from the same facts something else comes now than did then. The agents, joins, limits or
 * topology of the workflow have changed since, or the library.
 */
public final class DivergenceException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;
    private final String expected;
    private final String found;

    DivergenceException(String runId, long sequence, String expected, String found) {
        super("run " + runId + " diverges at fact " + sequence + ": expected " + expected + ", found " + found, null);
        this.runId = runId;
        this.sequence = sequence;
        this.expected = expected;
        this.found = found;
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
     * The first fact that does not fit.
     *
     * @return its sequence number in the journal
     */
    public long sequence() {
        return sequence;
    }

    /**
     * What was recorded.
     *
     * @return in words
     */
    public String expected() {
        return expected;
    }

    /**
     * What comes now.
     *
     * @return in words
     */
    public String found() {
        return found;
    }
}
