package io.flotilla.samples.readingcrew.chat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
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
     * Asks one question.
     *
     * <ul>
     *   <li><b>onNext</b>: the answer.
     *   <li><b>onError</b>: a {@link ChatException}.
     *   <li><b>cancel</b>: closes the connection.
     *   <li><b>threads</b>: the answer comes on one of the client's two threads.
     * </ul>
     *
     * @param task what to do with the text
     * @param text the text
     * @param idempotencyKey the same for every attempt at the same question
     */
    public Mono<Answer> ask(String task, String text, String idempotencyKey) {
        return http.headers(headers -> headers.set("Idempotency-Key", idempotencyKey))
                .post()
                .uri(endpoint.completions())
                .send(Mono.fromSupplier(() ->
                        Unpooled.wrappedBuffer(json.writeValueAsBytes(ChatRequest.of(endpoint.model(), task, text)))))
                .response((response, body) -> BoundedBody.read(body, MAX_ANSWER_BYTES)
                        .map(bytes -> reader.read(
                                response.status().code(),
                                response.responseHeaders().get("Retry-After"),
                                bytes)))
                .single()
                .onErrorMap(ChatClient::asChatException);
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
