package io.flotilla.samples.readingcrew.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer, as it comes over the wire. What is missing is null.
 *
 * @param choices the answers; the first one counts
 * @param usage what they have used
 */
public record ChatResponse(
        @Nullable List<Choice> choices, @Nullable Tokens usage) {

    /**
     * One answer.
     *
     * @param index its place
     * @param message the answer itself
     */
    public record Choice(int index, ChatRequest.@Nullable Message message) {}

    /**
     * How many tokens went in and out.
     *
     * @param input those of the question
     * @param output those of the answer
     */
    public record Tokens(
            @JsonProperty("prompt_tokens") long input,
            @JsonProperty("completion_tokens") long output) {}

    /** The text of the first choice; null if there is none. */
    @Nullable String text() {
        if (choices == null || choices.isEmpty()) {
            return null;
        }
        ChatRequest.Message message = choices.get(0).message();
        return message == null ? null : message.content();
    }
}
