package io.flotilla.inspector;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * A request as {@link InspectorHandler} takes it, whatever server it came from. Immutable, as far as the body is.
 *
 * @param method as in {@code GET}
 * @param path the path as it was sent, with its percent signs, without the query
 * @param query what was behind the question mark, as it was sent; empty if there was none
 * @param headers the headers, of each one value; found whatever the case of their names
 * @param remote where it came from, for the log of actions; null if that is not known
 * @param body the body; of an action at most 65,536 bytes of it are read
 * @since 0.1
 */
public record InspectorRequest(
        String method,
        String path,
        String query,
        Map<String, String> headers,
        @Nullable String remote,
        Publisher<byte[]> body) {

    /**
     * Copies the headers.
     *
     * @param method as in {@code GET}
     * @param path the path as it was sent
     * @param query what was behind the question mark
     * @param headers the headers
     * @param remote where it came from; null if that is not known
     * @param body the body
     * @throws NullPointerException if an argument but {@code remote} is null
     */
    public InspectorRequest {
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(query, "query");
        Map<String, String> copy = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        copy.putAll(headers);
        headers = Collections.unmodifiableMap(copy);
        Objects.requireNonNull(body, "body");
    }

    @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Method and path; neither query nor headers, which may have secrets. */
    @Override
    public String toString() {
        return "InspectorRequest[" + method + " " + path + "]";
    }
}
