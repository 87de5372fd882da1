package io.flotilla.samples.readingcrew.chat;

/** No connection: an unknown host, nobody who listens, no common TLS. */
public final class UnreachableException extends ChatException {

    private static final long serialVersionUID = 1L;

    UnreachableException(Throwable cause) {
        super("cannot connect: " + cause.getMessage(), cause);
    }
}
