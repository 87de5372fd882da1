package io.flotilla.samples.readingcrew.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A piece of an answer, as it comes over the wire: one server-sent event. What is missing is null.
 *
 * @param choices the answers; the first one counts. Empty in the piece that has the usage
 * @param usage what all has used, in the last piece
 */
public record ChatChunk(@Nullable List<Choice> choices, ChatResponse.@Nullable Tokens usage) {

    /** What follows the last piece. */
    public static final String DONE = "[DONE]";

    /**
     * The next piece of one answer.
     *
     * @param index its place
     * @param delta what is added to it
     * @param finishReason why nothing more is added; null before the last piece
     */
    public record Choice(
            int index,
            ChatRequest.@Nullable Message delta,
            @JsonProperty("finish_reason") @Nullable String finishReason) {}

    /** What is added to the first answer; empty if nothing is. */
    String text() {
        if (choices == null || choices.isEmpty()) {
            return "";
        }
        ChatRequest.Message delta = choices.get(0).delta();
        return delta == null || delta.content() == null ? "" : delta.content();
    }
}
