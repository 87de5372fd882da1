package io.flotilla.samples.readingcrew.chat;

import org.jspecify.annotations.Nullable;

/** HTTP 200, but what came is not a chat completion, or more of it than is read. */
public final class MalformedAnswerException extends ChatException {

    private static final long serialVersionUID = 1L;

    MalformedAnswerException(String why, @Nullable Throwable cause) {
        super("malformed answer: " + why, cause);
    }
}
