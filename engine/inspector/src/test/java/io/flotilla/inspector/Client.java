package io.flotilla.inspector;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks an inspector over HTTP, and waits. */
final class Client {

    static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    record Answer(int status, Map<String, String> headers, String text) {

        JsonNode json() {
            return JSON.readTree(text);
        }

        String code() {
            return json().path("error").path("code").asString("");
        }
    }

    private final URI address;
    private final Map<String, String> headers;

    Client(URI address, Map<String, String> headers) {
        this.address = address;
        this.headers = headers;
    }

    static Client of(Inspector inspector) {
        return new Client(inspector.address(), Map.of());
    }

    Client with(String name, String value) {
        Map<String, String> more = new java.util.HashMap<>(headers);
        more.put(name, value);
        return new Client(address, more);
    }

    Client token(String token) {
        return with("Authorization", "Bearer " + token);
    }

    HttpClient http() {
        return HttpClient.newConnection().responseTimeout(PATIENCE).headers(to -> headers.forEach(to::set));
    }

    private String uri(String path) {
        return address.toString().replaceAll("/$", "") + path;
    }

    Answer get(String path) {
        return send("GET", path, "");
    }

    Answer post(String path, String body) {
        return with("Content-Type", "application/json").send("POST", path, body);
    }

    Answer send(String method, String path, String body) {
        return Objects.requireNonNull(http().request(io.netty.handler.codec.http.HttpMethod.valueOf(method))
                .uri(uri(path))
                .send(body.isEmpty() ? ByteBufFlux.empty() : ByteBufFlux.fromString(Mono.just(body)))
                .responseSingle((response, content) -> content.asString()
                        .defaultIfEmpty("")
                        .map(text -> {
                            Map<String, String> found = new java.util.TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                            response.responseHeaders().forEach(each -> found.put(each.getKey(), each.getValue()));
                            return new Answer(response.status().code(), found, text);
                        }))
                .block(PATIENCE));
    }

    /** A server-sent event. */
    record Event(String type, String id, String data) {

        JsonNode json() {
            return JSON.readTree(data);
        }
    }

    /** The events of a stream as they come; comments are left out. */
    Flux<Event> events(String path) {
        return http().get().uri(uri(path)).response((response, content) -> lines(content.asString()));
    }

    private static Flux<Event> lines(Flux<String> pieces) {
        StringBuilder rest = new StringBuilder();
        return pieces.concatMapIterable(piece -> {
            rest.append(piece);
            java.util.List<Event> events = new java.util.ArrayList<>();
            for (int end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
                String block = rest.substring(0, end);
                rest.delete(0, end + 2);
                if (!block.startsWith(":")) {
                    events.add(event(block));
                }
            }
            return events;
        });
    }

    private static Event event(String block) {
        String type = "";
        String id = "";
        String data = "";
        for (String line : block.split("\n", -1)) {
            String value = line.substring(line.indexOf(' ') + 1);
            switch (line.substring(0, line.indexOf(':'))) {
                case "event" -> type = value;
                case "id" -> id = value;
                case "data" -> data = value;
                default -> throw new IllegalStateException(line);
            }
        }
        return new Event(type, id, data);
    }
}
