package io.flotilla.run;

import io.flotilla.FlotillaException;

/**
 * A workflow was asked for a version that it is not of.
 *
 * @since 0.1
 */
public final class UnknownVersionException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String version;

    UnknownVersionException(String workflow, String own, String version) {
        super(
                "workflow " + workflow + " is of version \"" + own + "\", there is no version \"" + version + "\" here",
                null);
        this.version = version;
    }

    /**
     * Which version was asked for.
     *
     * @return as given
     */
    public String version() {
        return version;
    }
}
