package io.flotilla.inspector;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Why a request is not answered as asked: a status, a code that does not change, and a sentence. Has no stack trace. */
final class ApiError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    private final @Nullable String allowed;

    private ApiError(int status, String code, String message, @Nullable String allowed) {
        super(message, null, false, false);
        this.allowed = allowed;
        this.status = status;
        this.code = code;
    }

    static ApiError of(int status, String code, String message) {
        return new ApiError(status, code, message, null);
    }

    static ApiError parameter(String name, String message) {
        return of(400, "invalid-parameter", name + " " + message);
    }

    static ApiError notFound() {
        return of(404, "not-found", "there is nothing at this path");
    }

    static ApiError unknownRun() {
        return of(404, "unknown-run", "there is no such run of the workflows shown here");
    }

    static ApiError methodNotAllowed(String allowed) {
        return new ApiError(405, "method-not-allowed", "this path takes " + allowed, allowed);
    }

    /** The method that is, if another one was not. */
    @Nullable String allowed() {
        return allowed;
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }

    Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("code", code);
        error.put("message", getMessage());
        return Map.of("error", error);
    }
}
