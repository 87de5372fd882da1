package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A run was recorded by a version of the library that compares runs in another way, so this one cannot tell whether it would
 * go on with it as it was. The run is left as it is: replay or recover it with a version that knows how.
 */
public final class UnsupportedRunFormatException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String runId;
    private final long digestVersion;

    UnsupportedRunFormatException(String runId, long digestVersion) {
        super(
                "run " + runId + " was recorded with digest version " + digestVersion + ", this version of the library"
                        + " knows " + RunDigest.VERSION,
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
