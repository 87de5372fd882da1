package io.flotilla.samples.readingcrew.standin;

import io.flotilla.samples.readingcrew.chat.ChatChunk;
import io.flotilla.samples.readingcrew.chat.ChatRequest;
import io.flotilla.samples.readingcrew.chat.ChatResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Builds the bodies of responses. */
final class Completion {

    /** About as many characters of English as a model's tokens have: the stand-in has no tokens of its own. */
    private static final long CHARACTERS_A_TOKEN = 4;

    private static final Pattern FEW_WORDS = Pattern.compile("(?:\\S+\\s*){1,4}");

    private Completion() {}

    static ChatResponse of(String question, String answer) {
        return new ChatResponse(
                List.of(new ChatResponse.Choice(0, new ChatRequest.Message("assistant", answer))),
                new ChatResponse.Tokens(tokens(question), tokens(answer)));
    }

    /** The answer in pieces of a few words, and in the last one the tokens. */
    static List<ChatChunk> pieces(String question, String answer) {
        List<ChatChunk> pieces = new ArrayList<>();
        Matcher words = FEW_WORDS.matcher(answer);
        while (words.find()) {
            pieces.add(piece(words.group(), null));
        }
        pieces.add(piece("", "stop"));
        pieces.add(new ChatChunk(List.of(), new ChatResponse.Tokens(tokens(question), tokens(answer))));
        return pieces;
    }

    private static ChatChunk piece(String text, @Nullable String finishReason) {
        return new ChatChunk(
                List.of(new ChatChunk.Choice(0, new ChatRequest.Message("assistant", text), finishReason)), null);
    }

    static Map<String, Map<String, String>> error(String message) {
        return Map.of("error", Map.of("message", message));
    }

    private static long tokens(String text) {
        return (text.length() + CHARACTERS_A_TOKEN - 1) / CHARACTERS_A_TOKEN;
    }
}
