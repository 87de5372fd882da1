package io.flotilla.inspector;

import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Flux;

/**
 * A response as {@link InspectorHandler} gives it, for whatever server there is. Immutable.
 *
 * @param status the HTTP status
 * @param headers the headers
 * @param body the body, in pieces that are to be sent as they come: those of the table of runs come until the inspector is stopped
 * @since 0.1
 */
public record InspectorResponse(int status, Map<String, String> headers, Flux<byte[]> body) {

    /**
     * Copies the headers.
     *
     * @param status the HTTP status
     * @param headers the headers
     * @param body the body
     * @throws NullPointerException if an argument is null
     */
    public InspectorResponse {
        headers = Map.copyOf(headers);
        Objects.requireNonNull(body, "body");
    }
}
