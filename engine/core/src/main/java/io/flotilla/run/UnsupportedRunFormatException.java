package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A run was recorded by a version of the library that compares runs in another way, so this one cannot tell whether it would
 * go on with it as it was. The run is left as it is: replay or recover it with a version that knows how.
 *
 * @since 0.1
 */
public final class UnsupportedRunFormatException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long digestVersion;

    /**
     * A run that cannot be compared.
     *
     * @param runId which run
     * @param digestVersion the version of its digests
     * @param knownVersion the version that is known
     */
    public UnsupportedRunFormatException(String runId, long digestVersion, long knownVersion) {
        super(
                "run " + runId + " was recorded with digest version " + digestVersion + ", this version of the library"
                        + " knows " + knownVersion,
                null);
        this.runId = runId;
        this.digestVersion = digestVersion;
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
     * The version of its digests.
     *
     * @return the number in its first fact
     */
    public long digestVersion() {
        return digestVersion;
    }
}
