package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.web.reactive.function.server.RequestPredicates.path;

import io.flotilla.journal.Journal;
import io.flotilla.run.Workflow;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** The inspector in a WebFlux application, by the lines of the README. */
class WebFluxTest {

    private static final String TOKEN = "correct-horse-battery-staple";

    private final Workflow<Object, String> crew = Flows.crew("crew", Journal.inMemory());

    // tag::webflux[]
    static RouterFunction<ServerResponse> inspector(InspectorHandler inspector) {
        return RouterFunctions.route(
                path("/inspector").or(path("/inspector/**")),
                request -> inspector
                        .handle(new InspectorRequest(
                                request.method().name(),
                                request.uri().getRawPath(),
                                Objects.requireNonNullElse(request.uri().getRawQuery(), ""),
                                request.headers().asHttpHeaders().toSingleValueMap(),
                                request.remoteAddress().map(Object::toString).orElse(null),
                                request.body(BodyExtractors.toDataBuffers()).map(WebFluxTest::bytes)))
                        .flatMap(answer -> ServerResponse.status(answer.status())
                                .headers(headers -> answer.headers().forEach(headers::set))
                                .body((message, context) -> message.writeAndFlushWith(answer.body()
                                        .map(bytes -> Mono.just(
                                                message.bufferFactory().wrap(bytes)))))));
    }

    private static byte[] bytes(DataBuffer buffer) {
        byte[] bytes = new byte[buffer.readableByteCount()];
        buffer.read(bytes);
        DataBufferUtils.release(buffer);
        return bytes;
    }
    // end::webflux[]

    @Test
    void inspector_inAWebFluxApplication_answersUnderItsPath() {
        InspectorHandler handler = Inspector.on(crew.runs())
                .path("/inspector")
                .token(TOKEN)
                .allowActions(true)
                .handler();
        RouterFunction<ServerResponse> routes = inspector(handler)
                .and(RouterFunctions.route(
                        path("/orders"),
                        (ServerRequest request) -> ServerResponse.ok().bodyValue("ours")));
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .handle(new ReactorHttpHandlerAdapter(RouterFunctions.toHttpHandler(routes)))
                .bindNow();
        try {
            String id = crew.run(3).block(Client.PATIENCE).runId();
            Client other = new Client(URI.create("http://127.0.0.1:" + server.port()), Map.of());
            Client client =
                    new Client(URI.create("http://127.0.0.1:" + server.port() + "/inspector"), Map.of()).token(TOKEN);

            assertThat(other.get("/orders").text()).isEqualTo("ours");
            assertThat(other.get("/inspector").headers()).containsEntry("location", "/inspector/");
            assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(client.get("/api/about").json().get("actions").asBoolean())
                    .isTrue();
            assertThat(other.get("/inspector/api/about").status()).isEqualTo(401);
            assertThat(client.get("/api/runs/" + id + "/facts?limit=3").json().get("entries"))
                    .hasSize(3);
            assertThat(client.post("/api/runs/" + id + "/cancel", "{}").code()).isEqualTo("run-ended");
            assertThat(client.post("/api/runs/" + id + "/cancel", "{").code()).isEqualTo("malformed-json");
            List<Client.Event> events = client.events("/api/runs/" + id + "/events")
                    .takeUntil(event -> event.type().equals("end"))
                    .collectList()
                    .block(Client.PATIENCE);
            assertThat(events).hasSizeGreaterThan(10);
            assertThat(client.events("/api/live?after=none")
                            .next()
                            .block(Client.PATIENCE)
                            .type())
                    .isEqualTo("reset");
        } finally {
            handler.dispose();
            server.disposeNow();
        }
    }

    @Test
    void routes_ofAServerOfReactorNettys_answerUnderTheirPath() {
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .route(routes -> {
                    routes.get("/orders", (request, response) -> response.sendString(Mono.just("ours")));
                    Inspector.on(crew.runs())
                            .path("/inspector")
                            .token(TOKEN)
                            .routes()
                            .accept(routes);
                })
                .bindNow();
        try {
            Client client = new Client(URI.create("http://127.0.0.1:" + server.port()), Map.of()).token(TOKEN);

            assertThat(client.get("/orders").text()).isEqualTo("ours");
            assertThat(client.get("/inspector/api/about").status()).isEqualTo(200);
            assertThat(client.get("/inspectors/api/about").status()).isEqualTo(404);
            assertThat(client.with("Authorization", "")
                            .get("/inspector/api/about")
                            .status())
                    .isEqualTo(401);
        } finally {
            server.disposeNow();
        }
    }
}
