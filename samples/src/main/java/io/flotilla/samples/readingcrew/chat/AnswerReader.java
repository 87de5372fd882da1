package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Makes a {@link Delta} of an HTTP response that comes in one piece, or the exception that fits. */
final class AnswerReader {

    private static final int MAX_SAID = 200;
    private static final int TOO_MANY_REQUESTS = 429;

    private final JsonMapper json;
    private final Endpoint endpoint;

    AnswerReader(JsonMapper json, Endpoint endpoint) {
        this.json = json;
        this.endpoint = endpoint;
    }

    Delta read(int status, @Nullable String retryAfter, byte[] body) {
        if (status == TOO_MANY_REQUESTS) {
            throw new RateLimitedException(seconds(retryAfter));
        }
        if (status >= 500) {
            throw new ServerErrorException(status, said(body));
        }
        if (status != 200) {
            throw new RefusedException(status, said(body));
        }
        return answer(parse(body));
    }

    private ChatResponse parse(byte[] body) {
        try {
            ChatResponse response = json.readValue(body, ChatResponse.class);
            if (response != null) {
                return response;
            }
        } catch (JacksonException notJson) {
            throw new MalformedAnswerException("no JSON after " + body.length + " bytes", notJson);
        }
        throw new MalformedAnswerException("null", null);
    }

    private static Delta answer(ChatResponse response) {
        String text = response.text();
        if (text == null || text.isBlank()) {
            throw new MalformedAnswerException("no choices[0].message.content", null);
        }
        return new Delta(text.strip(), usage(response.usage()));
    }

    static Usage usage(ChatResponse.@Nullable Tokens tokens) {
        return tokens == null || tokens.input() < 0 || tokens.output() < 0
                ? Usage.NONE
                : Usage.ofTokens(tokens.input(), tokens.output());
    }

    /** {@code Retry-After} in its form of seconds; its form of a date is not worth a clock here. */
    private static @Nullable Duration seconds(@Nullable String retryAfter) {
        return retryAfter == null || !retryAfter.matches("\\d{1,9}")
                ? null
                : Duration.ofSeconds(Long.parseLong(retryAfter));
    }

    /** The other side's own words, {@code error.message}, without the key and not too many of them. */
    private String said(byte[] body) {
        try {
            JsonNode message = json.readTree(body).path("error").path("message");
            String text = message.isString() ? message.stringValue() : "";
            String safe = endpoint.redact(text.replaceAll("[\\p{Cntrl}\u2028\u2029]", " "));
            return safe.isBlank() ? "" : ": " + safe.substring(0, Math.min(MAX_SAID, safe.length()));
        } catch (JacksonException notJson) {
            return ", with " + new String(body, StandardCharsets.UTF_8).length() + " characters that are no JSON";
        }
    }
}
