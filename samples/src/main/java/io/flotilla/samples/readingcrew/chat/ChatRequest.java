package io.flotilla.samples.readingcrew.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question, as it goes over the wire. What is missing in a request from outside is null here.
 *
 * @param model who shall answer
 * @param messages what has been said so far
 */
public record ChatRequest(@Nullable String model, @Nullable List<Message> messages) {

    /** The role of who sets the task. */
    public static final String SYSTEM = "system";

    /** The role of who brings the text. */
    public static final String USER = "user";

    /**
     * Something said.
     *
     * @param role by whom
     * @param content what
     */
    public record Message(@Nullable String role, @Nullable String content) {}

    static ChatRequest of(String model, String task, String text) {
        return new ChatRequest(model, List.of(new Message(SYSTEM, task), new Message(USER, text)));
    }
}
