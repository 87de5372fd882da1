package io.flotilla.inspector;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The files of the page, from the class path: flat names only, so that no path leads elsewhere. Thread-safe. */
final class Assets {

    static final String INDEX = "index.html";

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon");

    private final Map<String, File> files = new ConcurrentHashMap<>();

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record File(byte[] bytes, String etag, String type) {}

    InspectorResponse response(String name, @Nullable String known) {
        File file = files.computeIfAbsent(name, Assets::read);
        Map<String, String> headers = Responses.headers(file.type());
        headers.put("Cache-Control", "no-cache");
        headers.put("ETag", file.etag());
        if (file.etag().equals(known)) {
            return new InspectorResponse(304, headers, Flux.empty());
        }
        headers.put("Content-Length", String.valueOf(file.bytes().length));
        return new InspectorResponse(200, headers, Flux.just(file.bytes()));
    }

    private static File read(String name) {
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (type == null || !name.matches("[a-z0-9][a-z0-9-]*(\\.[a-z0-9-]+)+")) {
            throw ApiError.notFound();
        }
        try (InputStream stream = Assets.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw ApiError.notFound();
            }
            byte[] bytes = stream.readAllBytes();
            return new File(bytes, '"' + hash(bytes) + '"', type);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + name, unreadable);
        }
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 16);
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException("every JDK has SHA-256", none);
        }
    }
}
