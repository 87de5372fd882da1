package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import io.flotilla.testkit.UndisturbedTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Those who mean ill, below what a client library would send. */
class InspectorAttacksTest {

    private static final String TOKEN = "correct-horse-battery-staple";

    private final Workflow<Object, String> crew = Flows.crew("crew", Journal.inMemory());
    private Inspector inspector;

    private void start(Inspector.Builder builder) {
        inspector = builder.start().block(Client.PATIENCE);
    }

    @AfterEach
    void stop() {
        if (inspector != null) {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    private String answerTo(String request) {
        try (Wire wire = Wire.to(inspector)) {
            return wire.say(request).status();
        }
    }

    private static InspectorRequest request(
            String method, String path, Map<String, String> headers, Flux<byte[]> body) {
        return new InspectorRequest(method, path, "", headers, null, body);
    }

    // --- what is asked for

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/../../../../../etc/passwd",
                "/../../../../../../etc/passwd",
                "/assets/..\\..\\module-info.class",
                "/assets//etc/passwd",
                "/./../api/about/../../secret"
            })
    void path_withDots_leadsNowhere(String path) {
        start(Inspector.on(crew.runs()));

        assertThat(answerTo("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
                .matches("HTTP/1.1 40[04] .*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /api/about HTTP/1.1\r\nHost: evil.example\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: \r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1.\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: 2130706433\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: 0.0.0.0\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: evil.example#127.0.0.1\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
                "GET /api/about HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1\r\n\r\n",
                "GET /api/about HTTP/1.0\r\n\r\n",
                "GET http://evil.example/api/about HTTP/1.1\r\nHost: evil.example\r\n\r\n"
            })
    void host_thatIsNotOurs_getsNothing(String request) {
        start(Inspector.on(crew.runs()));

        assertThat(answerTo(request)).doesNotContain(" 200 ").matches("HTTP/1.[01] 4.*|");
    }

    @Test
    void preflight_ofAPageFromElsewhere_allowsNothing() {
        start(Inspector.on(crew.runs()).token(TOKEN).allowActions(true));

        Client.Answer answer = Client.of(inspector)
                .with("Origin", "http://evil.example")
                .with("Access-Control-Request-Method", "POST")
                .with("Access-Control-Request-Headers", "authorization")
                .send("OPTIONS", "/api/runs/x/cancel", "");

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.headers().keySet())
                .noneMatch(name -> name.toLowerCase(java.util.Locale.ROOT).startsWith("access-control"));
    }

    @Test
    void action_withATokenInQueryCookieOrForm_isRefused() {
        start(Inspector.on(crew.runs()).token(TOKEN).allowActions(true));
        Client client = Client.of(inspector);

        assertThat(client.post("/api/runs/x/cancel?token=" + TOKEN + "&access_token=" + TOKEN, "{}")
                        .status())
                .isEqualTo(401);
        assertThat(client.with("Cookie", "token=" + TOKEN)
                        .post("/api/runs/x/cancel", "{}")
                        .status())
                .isEqualTo(401);
        assertThat(client.with("Content-Type", "application/x-www-form-urlencoded")
                        .send("POST", "/api/runs/x/cancel", "token=" + TOKEN)
                        .status())
                .isEqualTo(401);
        assertThat(client.token(TOKEN)
                        .with("Origin", "http://evil.example")
                        .post("/api/runs/x/cancel", "{}")
                        .code())
                .as("who has the token, in a browser, on a page from elsewhere")
                .isEqualTo("foreign-origin");
    }

    @Test
    void token_thatBeginsAlike_takesAsLongAsAnyOther() {
        Token token = Token.of(TOKEN);

        for (int known = 0; known < TOKEN.length(); known++) {
            String guess = TOKEN.substring(0, known) + "#".repeat(TOKEN.length() - known);
            assertThat(token.isIn("Bearer " + guess)).as(guess).isFalse();
        }
        assertThat(token.isIn("bearer  " + TOKEN + " ")).isTrue();
        assertThat(token.isIn(TOKEN)).isFalse();
        assertThat(token.isIn("Bearer")).isFalse();
        assertThat(token.isIn(null)).isFalse();
        assertThat(token.toString()).isEqualTo("Token");
    }

    // --- how it is asked

    @Test
    void header_ofAHundredKilobytes_isRefused() {
        start(Inspector.on(crew.runs()));

        assertThat(answerTo("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + "x".repeat(100_000) + "\r\n\r\n"))
                .matches("HTTP/1.[01] 4.*|");
        assertThat(Client.of(inspector).get("/api/about").status()).isEqualTo(200);
    }

    @Test
    void body_thatNeverEnds_isGivenUp() {
        InspectorHandler handler =
                Inspector.on(crew.runs()).token(TOKEN).allowActions(true).handler();
        Map<String, String> headers =
                Map.of("Host", "127.0.0.1", "Authorization", "Bearer " + TOKEN, "Content-Type", "application/json");

        UndisturbedTime.verifier(() -> handler.handle(request(
                        "POST",
                        "/api/runs/x/cancel",
                        headers,
                        Flux.interval(Duration.ofSeconds(1)).map(any -> " ".getBytes(StandardCharsets.UTF_8)))))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(9))
                .thenAwait(Duration.ofSeconds(1))
                .expectNextMatches(answer -> answer.status() == 408)
                .expectComplete()
                .verify(Client.PATIENCE);
        handler.dispose();
    }

    @Test
    void streams_moreThanThereMayBe_areRefusedUntilOthersEnd() {
        InspectorHandler handler = Inspector.on(crew.runs()).token(TOKEN).handler();
        InspectorRequest live = request(
                "GET", "/api/live", Map.of("Host", "127.0.0.1", "Authorization", "Bearer " + TOKEN), Flux.empty());
        List<Disposable> open = new ArrayList<>();
        try {
            for (int stream = 0; stream < InspectorHandler.MAX_STREAMS; stream++) {
                InspectorResponse answer = handler.handle(live).block(Client.PATIENCE);
                assertThat(answer.status()).isEqualTo(200);
                open.add(answer.body().subscribe());
            }

            InspectorResponse refused = handler.handle(live).block(Client.PATIENCE);
            open.get(0).dispose();
            InspectorResponse again = handler.handle(live).block(Client.PATIENCE);

            assertThat(refused.status()).isEqualTo(503);
            assertThat(new String(refused.body().blockLast(Client.PATIENCE), StandardCharsets.UTF_8))
                    .contains("too-many-streams");
            assertThat(again.status()).isEqualTo(200);
        } finally {
            open.forEach(Disposable::dispose);
            handler.dispose();
        }
    }

    @Test
    void connections_thatSayHalfARequest_keepNobodyOut() {
        start(Inspector.on(crew.runs()));
        List<Wire> wires = new ArrayList<>();
        try {
            for (int wire = 0; wire < 500; wire++) {
                wires.add(Wire.to(inspector).say("GET /api/about HTTP/1.1\r\nHost: 127.0"));
            }

            assertThat(Client.of(inspector).get("/api/about").status()).isEqualTo(200);

            inspector.stop().block(Client.PATIENCE);
            assertThat(wires).allSatisfy(wire -> assertThat(wire.status()).isEmpty());
        } finally {
            wires.forEach(Wire::close);
        }
    }

    @Test
    void listener_whoDoesNotRead_isClosedAndOthersAreTold() {
        Workflow<Object, String> crowd = Flows.crowd(2_000, Journal.inMemory(), Workflow.DEFAULT_EVENT_HISTORY);
        start(Inspector.on(crowd.runs()).writeTimeout(Duration.ofMillis(300)));
        Run<String> run = crowd.start("go");
        run.result().block(Client.PATIENCE);
        try (Wire silent = new Wire(inspector.address(), 4_096)) {
            silent.get(Listening.path(run));
            List<Client.Event> all = Listening.toTheEnd(Client.of(inspector).events(Listening.path(run)));
            long whole = all.stream().mapToLong(event -> event.data().length()).sum();

            // Longer than it is borne with; nothing else says so to one who does not read.
            reactor.core.publisher.Mono.delay(Duration.ofMillis(1_500)).block();

            assertThat(silent.drain()).isPositive().isLessThan(whole);
        }
    }

    // --- texts

    @Test
    void names_withMarkup_areData() {
        start(Inspector.on(crew.runs()));

        Client.Answer answer = Client.of(inspector).get("/api/runs?workflow=%3Cscript%3Ealert(1)%3C/script%3E");

        assertThat(answer.headers().get("content-type")).startsWith("application/json");
        assertThat(answer.text()).doesNotContain("script");
    }
}
