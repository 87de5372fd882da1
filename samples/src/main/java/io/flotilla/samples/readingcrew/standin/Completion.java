package io.flotilla.samples.readingcrew.standin;

import io.flotilla.samples.readingcrew.chat.ChatRequest;
import io.flotilla.samples.readingcrew.chat.ChatResponse;
import java.util.List;
import java.util.Map;

/** Builds the bodies of responses. */
final class Completion {

    /** About as many characters of English as a model's tokens have: the stand-in has no tokens of its own. */
    private static final long CHARACTERS_A_TOKEN = 4;

    private Completion() {}

    static ChatResponse of(String question, String answer) {
        return new ChatResponse(
                List.of(new ChatResponse.Choice(0, new ChatRequest.Message("assistant", answer))),
                new ChatResponse.Tokens(tokens(question), tokens(answer)));
    }

    static Map<String, Map<String, String>> error(String message) {
        return Map.of("error", Map.of("message", message));
    }

    private static long tokens(String text) {
        return (text.length() + CHARACTERS_A_TOKEN - 1) / CHARACTERS_A_TOKEN;
    }
}
