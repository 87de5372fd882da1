package io.flotilla.journal;

/**
 * Another journal, in this process or another one, has the file open; or another program holds it locked.
 *
 * @since 0.1
 */
public final class JournalInUseException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String location;
    private final String owner;

    /**
     * For those who write a journal.
     *
     * @param location where it is
     * @param who who has it, as far as is known
     */
    public JournalInUseException(String location, String who) {
        super(location + " is in use: " + who, null, true);
        this.location = location;
        this.owner = who;
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
     * Who has it, as far as is known.
     *
     * @return who has it, as far as is known
     */
    public String owner() {
        return owner;
    }
}
