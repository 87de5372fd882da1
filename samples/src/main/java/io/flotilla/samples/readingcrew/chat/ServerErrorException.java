package io.flotilla.samples.readingcrew.chat;

/** The other side failed: HTTP 500 to 599. Another attempt may help. */
public final class ServerErrorException extends ChatException {

    private static final long serialVersionUID = 1L;

    private final int status;

    ServerErrorException(int status, String said) {
        super("HTTP " + status + ", server error" + said, null);
        this.status = status;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }
}
