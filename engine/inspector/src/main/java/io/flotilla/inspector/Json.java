package io.flotilla.inspector;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes texts, numbers, flags, null, maps and iterables of these as JSON, and reads it. */
final class Json {

    private static final int MAX_DEPTH = 32;
    private static final int MAX_DIGITS = 100;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_DIGITS)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static byte[] bytes(@Nullable Object value) {
        return text(value)
                .getBytes(
                        StandardCharsets
                                .UTF_8); // which puts up with halves of characters, as the mapper's own does not
    }

    static String text(@Nullable Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** Reads texts, {@code Long}, {@code Double}, flags, null, lists and maps. */
    static @Nullable Object read(String text) {
        try {
            return MAPPER.readValue(text, Object.class);
        } catch (JacksonException malformed) { // its message may repeat what was sent
            throw ApiError.of(400, "malformed-json", "the body is no JSON, or nested too deep");
        }
    }
}
