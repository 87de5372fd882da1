package io.flotilla.run;

import io.flotilla.FlotillaException;
import java.util.List;

/**
 * A recorded run cannot be followed: from the same facts something else comes now than did then. Topology, joins or limits of
 * the workflow have changed since, see {@link #changes()}; or what its answers may be; or the library.
 *
 * @since 0.1
 */
public final class DivergenceException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long sequence;
    private final String expected;
    private final String found;
    private final transient List<String> changes;

    /**
     * A replay that differs from what was recorded.
     *
     * @param runId which run
     * @param sequence the first fact that does not fit
     * @param expected what was recorded, in words
     * @param found what comes now, in words
     * @param changes what has changed in the workflow since, in words
     */
    public DivergenceException(String runId, long sequence, String expected, String found, List<String> changes) {
        super(
                "run " + runId + " diverges at fact " + sequence + ": expected " + expected + ", found " + found
                        + (changes.isEmpty() ? "" : "; since it was recorded: " + String.join(", ", changes)),
                null);
        this.changes = List.copyOf(changes);
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

    /**
     * What has changed in the workflow since the run was recorded, whether that is why or not: {@code edge Boss -> Worker is
     * gone}, {@code the join at Boss was all, is firstSuccess}.
     *
     * @return in words; empty if nothing has, or the run was not recorded that far
     */
    public List<String> changes() {
        return changes;
    }
}
