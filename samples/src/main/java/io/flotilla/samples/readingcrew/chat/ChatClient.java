package io.flotilla.samples.readingcrew.chat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks a chat-completions endpoint, without blocking a thread. It asks once: no retry, no redirect, and no time limit of
 * its own, since whoever asks has them. Thread-safe; to be closed.
 */
public final class ChatClient implements AutoCloseable {

    private static final int MAX_ANSWER_BYTES = 1 << 20;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    private final JsonMapper json = JsonMapper.builder().build();
    private final Endpoint endpoint;
    private final AnswerReader reader;
    private final LoopResources loops = LoopResources.create("chat-client", 2, true);
    private final ConnectionProvider connections;
    private final HttpClient http;

    public ChatClient(Endpoint endpoint, int maxConnections) {
        this.endpoint = endpoint;
        this.reader = new AnswerReader(json, endpoint);
        this.connections = ConnectionProvider.create("chat-client", maxConnections);
        this.http = HttpClient.create(connections)
                .runOn(loops)
                .disableRetry(true) // a cut connection is for the report to tell
                .headers(headers -> {
                    headers.set("Content-Type", "application/json");
                    String authorization = endpoint.authorization();
                    if (authorization != null) {
                        headers.set("Authorization", authorization);
                    }
                });
    }

    /**
     * Asks one question, whose answer comes in pieces; in one from an endpoint that does not stream.
     *
     * <ul>
     *   <li><b>onNext</b>: the next piece.
     *   <li><b>onError</b>: a {@link ChatException}; pieces may have come before it.
     *   <li><b>onComplete</b>: the answer is complete.
     *   <li><b>cancel</b>: closes the connection.
     *   <li><b>threads</b>: the pieces come on one of the client's two threads.
     * </ul>
     *
     * @param task what to do with the text
     * @param text the text
     * @param idempotencyKey the same for every attempt at the same question
     */
    public Flux<Delta> ask(String task, String text, String idempotencyKey) {
        Flux<Delta> answer = http.headers(headers -> headers.set("Idempotency-Key", idempotencyKey))
                .post()
                .uri(endpoint.completions())
                .send(Mono.fromSupplier(() ->
                        Unpooled.wrappedBuffer(json.writeValueAsBytes(ChatRequest.of(endpoint.model(), task, text)))))
                .response((response, body) -> isStream(response) ? pieces(body) : whole(response, body))
                .onErrorMap(ChatClient::asChatException);
        return endpoint.redact(answer);
    }

    private static boolean isStream(HttpClientResponse response) {
        String type = response.responseHeaders().get("Content-Type");
        return response.status().code() == 200 && type != null && type.startsWith("text/event-stream");
    }

    private Flux<Delta> pieces(ByteBufFlux body) {
        DeltaReader deltas = new DeltaReader(json, MAX_ANSWER_BYTES);
        return body.asByteArray().concatMapIterable(deltas::read).concatWith(Mono.fromRunnable(deltas::end));
    }

    private Mono<Delta> whole(HttpClientResponse response, ByteBufFlux body) {
        return BoundedBody.read(body, MAX_ANSWER_BYTES)
                .map(bytes -> reader.read(
                        response.status().code(), response.responseHeaders().get("Retry-After"), bytes));
    }

    private static Throwable asChatException(Throwable error) {
        if (error instanceof ConnectException
                || error instanceof UnknownHostException
                || error instanceof SSLException) {
            return new UnreachableException(error);
        }
        return error instanceof IOException ? new ConnectionCutException(error) : error;
    }

    /** Closes all connections, and waits for the threads to end. */
    @Override
    public void close() {
        connections.disposeLater().block(CLOSE_WITHIN);
        loops.disposeLater(Duration.ZERO, CLOSE_WITHIN).block(CLOSE_WITHIN.multipliedBy(2));
    }
}
