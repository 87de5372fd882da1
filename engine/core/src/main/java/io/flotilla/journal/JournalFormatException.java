package io.flotilla.journal;

import org.jspecify.annotations.Nullable;

/**
 * The file is not a journal of a version that this library reads: it has a newer version, belongs to another application,
 * or is truncated. The file was not changed.
 *
 * @since 0.1
 */
public final class JournalFormatException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String location;
    private final String problem;

    /**
     * For implementations of journals.
     *
     * @param location the location of the file
     * @param what what is wrong with it
     * @param cause the error of the store, or null if it reported none
     */
    public JournalFormatException(String location, String what, @Nullable Throwable cause) {
        super(location + " cannot be used as a journal: " + what, cause, true);
        this.location = location;
        this.problem = what;
    }

    /**
     * The location of the file.
     *
     * @return the location of the file
     */
    public String location() {
        return location;
    }

    /**
     * What is wrong with it.
     *
     * @return what is wrong with it
     */
    public String problem() {
        return problem;
    }
}
