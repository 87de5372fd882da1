package io.flotilla.samples.readingcrew.chat;

/** The connection was closed before the answer was complete. */
public final class ConnectionCutException extends ChatException {

    private static final long serialVersionUID = 1L;

    ConnectionCutException(Throwable cause) {
        super("connection cut before the answer was there", cause);
    }
}
