package io.flotilla.inspector;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** Responses, all of which forbid what the page does not need. */
final class Responses {

    /** Nothing of anybody else's, nothing inline, in nobody's frame. */
    static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
                    + " font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private Responses() {}

    static Map<String, String> headers(String contentType) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", contentType);
        headers.put("Content-Security-Policy", POLICY);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("X-Frame-Options", "DENY");
        headers.put("Cross-Origin-Resource-Policy", "same-origin");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        headers.put("Cache-Control", "no-store");
        return headers;
    }

    static InspectorResponse json(int status, @Nullable Object value) {
        byte[] body = Json.bytes(value);
        Map<String, String> headers = headers("application/json; charset=utf-8");
        headers.put("Content-Length", String.valueOf(body.length));
        return new InspectorResponse(status, headers, Flux.just(body));
    }

    static InspectorResponse json(Flux<byte[]> body) {
        return new InspectorResponse(200, headers("application/json; charset=utf-8"), body);
    }

    static InspectorResponse events(Flux<byte[]> body) {
        Map<String, String> headers = headers("text/event-stream; charset=utf-8");
        headers.put("X-Accel-Buffering", "no"); // for proxies in between
        return new InspectorResponse(200, headers, body);
    }

    static InspectorResponse error(ApiError error) {
        byte[] body = Json.bytes(error.toMap());
        Map<String, String> headers = headers("application/json; charset=utf-8");
        headers.put("Content-Length", String.valueOf(body.length));
        if (error.status() == 401) {
            headers.put("WWW-Authenticate", "Bearer");
        }
        if (error.allowed() != null) {
            headers.put("Allow", error.allowed());
        }
        return new InspectorResponse(error.status(), headers, Flux.just(body));
    }
}
