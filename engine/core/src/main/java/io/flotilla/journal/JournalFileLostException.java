package io.flotilla.journal;

/**
 * A file of the journal was deleted, renamed or replaced while the journal had it open. The journal writes nothing any
 * more, since no file that can be opened again would have it. Close the journal, restore the file and open the journal
 * again. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalFileLostException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String path;

    /**
     * For implementations of journals.
     *
     * @param path the file
     * @param what what has happened to it
     */
    public JournalFileLostException(String path, String what) {
        super("the journal has lost " + path + ": " + what, null, false);
        this.path = path;
    }

    /**
     * The file.
     *
     * @return its path
     */
    public String path() {
        return path;
    }
}
