package io.flotilla.samples.readingcrew.chat;

import org.jspecify.annotations.Nullable;

/** No answer. There is one subtype a way to fail, so that a retry can tell what is worth another attempt. */
public abstract class ChatException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ChatException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
