package io.flotilla.samples.readingcrew.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question, as it goes over the wire. What is missing in a request from outside is null here.
 *
 * @param model who shall answer
 * @param messages what has been said so far
 * @param stream whether the answer is to come in pieces, as it is made
 * @param streamOptions what the pieces are to have
 */
public record ChatRequest(
        @Nullable String model,
        @Nullable List<Message> messages,
        @Nullable Boolean stream,
        @JsonProperty("stream_options") @Nullable StreamOptions streamOptions) {

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

    /**
     * What the pieces of an answer are to have.
     *
     * @param includeUsage the tokens, in the last piece
     */
    public record StreamOptions(
            @JsonProperty("include_usage") boolean includeUsage) {}

    static ChatRequest of(String model, String task, String text) {
        return new ChatRequest(
                model, List.of(new Message(SYSTEM, task), new Message(USER, text)), true, new StreamOptions(true));
    }

    /** Whether the answer is to come in pieces. */
    public boolean isStreamed() {
        return Boolean.TRUE.equals(stream);
    }
}
