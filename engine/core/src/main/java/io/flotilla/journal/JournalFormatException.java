package io.flotilla.journal;

import org.jspecify.annotations.Nullable;

/**
 * The file is not a journal of a version this one can read: of a newer one, of somebody else, cut off. It was left as it is.
 *
 * @since 0.1
 */
public final class JournalFormatException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String location;
    private final String problem;

    /**
     * For those who write a journal.
     *
     * @param location where it is
     * @param what what was found
     * @param cause what the store said, or null if it said nothing
     */
    public JournalFormatException(String location, String what, @Nullable Throwable cause) {
        super(location + " cannot be used as a journal: " + what, cause, true);
        this.location = location;
        this.problem = what;
    }

    /**
     * Where it is.
     *
     * @return where it is
     */
    public String location() {
        return location;
    }

    /**
     * What was found.
     *
     * @return what was found
     */
    public String problem() {
        return problem;
    }
}
