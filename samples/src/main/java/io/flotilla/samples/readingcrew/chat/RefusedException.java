package io.flotilla.samples.readingcrew.chat;

/** The other side does not want this question: any other HTTP status but 200. Another attempt will not help. */
public final class RefusedException extends ChatException {

    private static final long serialVersionUID = 1L;

    private final int status;

    RefusedException(int status, String said) {
        super("HTTP " + status + ", refused" + said, null);
        this.status = status;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }
}
