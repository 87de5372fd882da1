package io.flotilla.journal;

/**
 * A file of the journal was deleted, renamed or replaced while the journal had it open. What is written from then on would be in
 * no file that can be opened again, so nothing is. Close the journal, put the file back, and open it again. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalFileLostException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String path;

    /**
     * For those who write a journal.
     *
     * @param path which file
     * @param what what has become of it
     */
    public JournalFileLostException(String path, String what) {
        super("the journal has lost " + path + ": " + what, null, false);
        this.path = path;
    }

    /**
     * Which file.
     *
     * @return its path
     */
    public String path() {
        return path;
    }
}
