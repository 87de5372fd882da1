package io.flotilla.samples.readingcrew.standin;

import io.flotilla.samples.readingcrew.chat.BoundedBody;
import io.flotilla.samples.readingcrew.chat.ChatChunk;
import io.flotilla.samples.readingcrew.chat.ChatRequest;
import io.flotilla.samples.readingcrew.chat.ChatRequest.Message;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server on this machine that speaks the OpenAI chat-completions format, and misbehaves on purpose, as its {@link
 * FaultPlan} and its {@link Storm} say. To be closed.
 */
public final class StandIn implements AutoCloseable {

    private static final int MAX_QUESTION_BYTES = 1 << 20;
    private static final int SENTENCES = 3;
    private static final Duration SLOWNESS = Duration.ofMillis(1200);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    private final JsonMapper json = JsonMapper.builder().build();
    private final FaultPlan plan;
    private final Storm storm;

    /** How often each question was asked, by its hash. */
    private final Map<Long, Integer> asked = new ConcurrentHashMap<>();

    private final LoopResources loops = LoopResources.create("stand-in", 2, true);
    private final DisposableServer server;

    /** Starts a server on a free port. */
    public StandIn(long seed) {
        this(seed, Storm.none());
    }

    /** Starts a server on a free port that has a storm before it. */
    public StandIn(long seed, Storm storm) {
        this.plan = new FaultPlan(seed);
        this.storm = storm;
        this.server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(loops)
                .route(routes -> routes.post("/v1/chat/completions", this::receive))
                .bindNow(Duration.ofSeconds(10));
    }

    /** Where it listens. */
    public String address() {
        return "http://127.0.0.1:" + server.port();
    }

    /** What agents are to talk to. */
    public Endpoint endpoint() {
        return Endpoint.withoutKey(URI.create(address() + "/v1"), "stand-in");
    }

    /** Where it listens and how it misbehaves. */
    @Override
    public String toString() {
        return "a stand-in server on " + address() + " answers, and misbehaves on purpose (" + plan + ")";
    }

    private Publisher<Void> receive(HttpServerRequest request, HttpServerResponse response) {
        return BoundedBody.read(request.receive(), MAX_QUESTION_BYTES).flatMap(body -> {
            ChatRequest question = question(body);
            return question == null || question.messages() == null
                    ? refuse(response.status(400), "no messages")
                    : answer(question.messages(), question.isStreamed(), response);
        });
    }

    private @Nullable ChatRequest question(byte[] body) {
        try {
            return json.readValue(body, ChatRequest.class);
        } catch (JacksonException noRequest) {
            return null;
        }
    }

    private Mono<Void> answer(List<Message> messages, boolean streamed, HttpServerResponse response) {
        String question =
                messages.stream().map(Message::content).filter(Objects::nonNull).collect(Collectors.joining("\n"));
        String text = messages.stream()
                .filter(message -> ChatRequest.USER.equals(message.role()) && message.content() != null)
                .map(message -> Objects.requireNonNull(message.content()))
                .reduce("", (before, last) -> last);
        Reply reply = reply(question, Extract.of(text, SENTENCES), streamed);
        Storm.Gust gust = storm.next();
        if (gust != Storm.Gust.CALM) {
            return gust == Storm.Gust.CUT ? reply.cut(response) : refuse(response.status(503), "out of order");
        }
        int number = asked.merge(FaultPlan.hash(question), 1, Integer::sum);
        return switch (plan.faultFor(question, number)) {
            case NONE -> reply.send(response);
            case SLOW -> Mono.delay(SLOWNESS).then(Mono.defer(() -> reply.send(response)));
            case RATE_LIMITED -> refuse(response.status(429).header("Retry-After", "2"), "slow down");
            case SERVER_ERROR -> refuse(response.status(500), "out of order");
            case MALFORMED -> reply.malformed(response);
            case CUT -> reply.cut(response);
            case SILENT -> reply.silent(response);
        };
    }

    private Reply reply(String question, String answer, boolean streamed) {
        if (!streamed) {
            return new Reply.Whole(json.writeValueAsBytes(Completion.of(question, answer)));
        }
        List<byte[]> events = new ArrayList<>();
        Completion.pieces(question, answer)
                .forEach(piece -> events.add(Reply.Streamed.event(json.writeValueAsString(piece))));
        events.add(Reply.Streamed.event(ChatChunk.DONE));
        return new Reply.Streamed(events);
    }

    private Mono<Void> refuse(HttpServerResponse response, String message) {
        return Reply.Whole.send(response, json.writeValueAsBytes(Completion.error(message)));
    }

    /** Stops listening, and waits for the threads to end. */
    @Override
    public void close() {
        server.disposeNow(CLOSE_WITHIN);
        loops.disposeLater(Duration.ZERO, CLOSE_WITHIN).block(CLOSE_WITHIN.multipliedBy(2));
    }
}
