package io.flotilla.journal;

/**
 * The journal has no room for another request. The request was not carried out. Has no stack trace.
 *
 * @since 0.1
 */
public final class JournalOverloadedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String resource;
    private final long limit;

    /**
     * For implementations of journals.
     *
     * @param what the resource that is exhausted
     * @param limit the limit of that resource
     */
    public JournalOverloadedException(String what, long limit) {
        super("the journal has no room for " + what + ", its limit is " + limit, null, false);
        this.resource = what;
        this.limit = limit;
    }

    /**
     * The resource that is exhausted.
     *
     * @return the resource that is exhausted
     */
    public String resource() {
        return resource;
    }

    /**
     * The limit of that resource.
     *
     * @return the limit of that resource
     */
    public long limit() {
        return limit;
    }
}
