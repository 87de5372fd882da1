package io.flotilla.journal;

/**
 * Another journal, in this process or another one, has the file open, or another program has locked it.
 *
 * @since 0.1
 */
public final class JournalInUseException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String location;
    private final String owner;

    /**
     * For implementations of journals.
     *
     * @param location the location of the file
     * @param who the owner, as far as it is known
     */
    public JournalInUseException(String location, String who) {
        super(location + " is in use: " + who, null, true);
        this.location = location;
        this.owner = who;
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
     * The owner, as far as it is known.
     *
     * @return the owner, as far as it is known
     */
    public String owner() {
        return owner;
    }
}
