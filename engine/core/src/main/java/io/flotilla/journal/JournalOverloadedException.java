package io.flotilla.journal;

/**
 * More is asked of the journal at once than it has room for: nothing of this was done. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalOverloadedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String resource;
    private final long limit;

    /**
     * For those who write a journal.
     *
     * @param what what there was no room for
     * @param limit how much there is room for
     */
    public JournalOverloadedException(String what, long limit) {
        super("the journal has no room for " + what + ", its limit is " + limit, null, false);
        this.resource = what;
        this.limit = limit;
    }

    /**
     * What there was no room for.
     *
     * @return what there was no room for
     */
    public String resource() {
        return resource;
    }

    /**
     * How much there is room for.
     *
     * @return how much there is room for
     */
    public long limit() {
        return limit;
    }
}
