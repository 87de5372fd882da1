package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.journal.Journal;
import io.flotilla.run.Workflow;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Who is let in, and who is not. */
class InspectorAccessTest {

    private static final String TOKEN = "correct-horse-battery-staple";

    private final Workflow<Object, String> crew = Flows.crew("crew", Journal.inMemory());
    private Inspector inspector;

    private Client start(Inspector.Builder builder) {
        inspector = builder.start().block(Client.PATIENCE);
        return Client.of(inspector);
    }

    @AfterEach
    void stop() {
        if (inspector != null) {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    // --- at the start

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "192.0.2.1", "example.com", "::"})
    void start_onAnotherHostWithoutAToken_isRefused(String host) {
        assertThatThrownBy(() -> Inspector.on(crew.runs()).host(host).start().block(Client.PATIENCE))
                .isInstanceOf(InspectorException.class)
                .hasMessageContaining(host)
                .hasMessageContaining("needs a token");
    }

    @Test
    void start_withActionsAndWithoutAToken_isRefused() {
        assertThatThrownBy(() ->
                        Inspector.on(crew.runs()).allowActions(true).start().block(Client.PATIENCE))
                .isInstanceOf(InspectorException.class)
                .hasMessage("actions need a token, see Inspector.Builder.token");
    }

    @Test
    void start_withoutRuns_isRefused() {
        assertThatThrownBy(() -> Inspector.on().start().block(Client.PATIENCE)).isInstanceOf(InspectorException.class);
    }

    @Test
    void handlerAndRoutes_withoutAToken_areRefused() {
        assertThatThrownBy(() -> Inspector.on(crew.runs()).handler()).isInstanceOf(InspectorException.class);
        assertThatThrownBy(() -> Inspector.on(crew.runs()).routes()).isInstanceOf(InspectorException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "short", "fifteen-letters", "with a space in the middle", "with\nline-ends-in-it"})
    void token_thatIsNone_isRefusedWithoutBeingTold(String token) {
        assertThatThrownBy(() -> Inspector.on(crew.runs()).token(token))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("token must")
                .message()
                .doesNotContain(token.isEmpty() ? "?" : token);
        assertThatThrownBy(() -> Inspector.on(crew.runs()).token("x".repeat(1_025)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Inspector.on(crew.runs()).token("sixteen-letters!")).isNotNull();
    }

    @Test
    void randomToken_everyTime_isAnotherThatIsOne() {
        assertThat(Inspector.randomToken()).hasSize(32).isNotEqualTo(Inspector.randomToken());
        assertThat(Inspector.on(crew.runs()).token(Inspector.randomToken())).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "inspector", "/a b", "/..", "/a/../b", "//", "/a?b"})
    void path_thatIsNone_isRefused(String path) {
        assertThatThrownBy(() -> Inspector.on(crew.runs()).path(path)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void port_outOfItsBounds_isRefused(int port) {
        assertThatThrownBy(() -> Inspector.on(crew.runs()).port(port)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void address_byDefault_isOnLoopback() {
        start(Inspector.on(crew.runs()));

        assertThat(inspector.address().getHost()).isEqualTo("127.0.0.1");
        assertThat(inspector.address().getPort()).isPositive();
    }

    // --- tokens

    @Test
    void api_withAToken_needsItEverywhere() {
        Client client = start(Inspector.on(crew.runs()).token(TOKEN));

        for (String path :
                List.of("about", "runs", "live", "runs/x", "runs/x/events", "network", "health", "nothing")) {
            Client.Answer refused = client.get("/api/" + path);
            assertThat(refused.status()).as(path).isEqualTo(401);
            assertThat(refused.code()).isEqualTo("unauthorized");
            assertThat(refused.headers()).containsEntry("www-authenticate", "Bearer");
        }
        assertThat(client.token(TOKEN).get("/api/about").status()).isEqualTo(200);
        assertThat(client.token(TOKEN + "x").get("/api/about").status()).isEqualTo(401);
        assertThat(client.token(TOKEN.substring(1)).get("/api/about").status()).isEqualTo(401);
        assertThat(client.with("Authorization", TOKEN).get("/api/about").status())
                .isEqualTo(401);
        assertThat(client.with("Authorization", "Basic " + TOKEN)
                        .get("/api/about")
                        .status())
                .isEqualTo(401);
        assertThat(client.get("/api/about?token=" + TOKEN).status()).isEqualTo(401);
    }

    @Test
    void token_whateverHappens_isInNoLogAndNoText() {
        Logger root = (Logger) LoggerFactory.getLogger("io.flotilla");
        Level before = root.getLevel();
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        root.addAppender(lines);
        root.setLevel(Level.DEBUG);
        try {
            Client client = start(Inspector.on(crew.runs()).token(TOKEN).allowActions(true));
            client.token(TOKEN).post("/api/runs/none/cancel", "{}");
            client.token(TOKEN + "wrong").post("/api/runs/none/cancel", "{}");
            client.token(TOKEN).get("/api/runs");

            assertThat(inspector.toString()).doesNotContain(TOKEN);
            assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                    .isNotEmpty()
                    .noneMatch(line -> line.contains(TOKEN));
            assertThat(new InspectorRequest(
                                    "GET",
                                    "/",
                                    TOKEN,
                                    java.util.Map.of("Authorization", TOKEN),
                                    null,
                                    reactor.core.publisher.Flux.empty())
                            .toString())
                    .doesNotContain(TOKEN);
        } finally {
            root.detachAppender(lines);
            root.setLevel(before);
        }
    }

    @Test
    void post_withoutActionsOrToken_isRefused() {
        Client plain = start(Inspector.on(crew.runs()));
        assertThat(plain.post("/api/runs/x/cancel", "{}").code()).isEqualTo("actions-disabled");
        stop();

        Client reading = start(Inspector.on(crew.runs()).token(TOKEN)).token(TOKEN);
        assertThat(reading.post("/api/runs/x/cancel", "{}").code()).isEqualTo("actions-disabled");
        stop();

        Client acting = start(Inspector.on(crew.runs()).token(TOKEN).allowActions(true));
        assertThat(acting.post("/api/runs/x/cancel", "{}").status()).isEqualTo(401);
        assertThat(acting.token("wrong-wrong-wrong-wrong")
                        .post("/api/runs/x/cancel", "{}")
                        .status())
                .isEqualTo(401);
        assertThat(acting.token(TOKEN).post("/api/runs/x/cancel", "{}").code()).isEqualTo("unknown-run");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
    void post_asAFormSendsIt_isRefused(String type) {
        Client client =
                start(Inspector.on(crew.runs()).token(TOKEN).allowActions(true)).token(TOKEN);

        Client.Answer refused = client.with("Content-Type", type).send("POST", "/api/runs/x/cancel", "{}");

        assertThat(refused.status()).isEqualTo(415);
        assertThat(refused.code()).isEqualTo("unsupported-media-type");
    }

    // --- pages from elsewhere

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:80",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "10.0.0.1",
                "[::2]"
            })
    void host_thatIsAnothers_isRefused(String host) {
        Client client = start(Inspector.on(crew.runs())).with("Host", host);

        assertThat(client.get("/api/about").code()).isEqualTo("foreign-host");
        assertThat(client.get("/").status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost", "LOCALHOST:8080", "[::1]:9"})
    void host_thatIsLoopback_isLetIn(String host) {
        assertThat(start(Inspector.on(crew.runs()))
                        .with("Host", host)
                        .get("/api/about")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void allowedHosts_ofAProxy_areLetInAndNoOthers() {
        Client client = start(Inspector.on(crew.runs()).allowedHosts("ops.example"));

        assertThat(client.with("Host", "ops.example").get("/api/about").status())
                .isEqualTo(200);
        assertThat(client.with("Host", "other.example").get("/api/about").status())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource({
        "Origin, http://evil.example, 403",
        "Origin, null, 403",
        "Origin, http://127.0.0.1:1, 403",
        "Sec-Fetch-Site, cross-site, 403",
        "Sec-Fetch-Site, same-site, 403",
        "Sec-Fetch-Site, same-origin, 200",
        "Sec-Fetch-Site, none, 200"
    })
    void origin_byItsHeader_isLetInIfItIsOurs(String name, String value, int status) {
        Client client = start(Inspector.on(crew.runs())).with(name, value);

        assertThat(client.get("/api/about").status()).isEqualTo(status);
    }

    @Test
    void origin_thatIsThePagesOwn_isLetIn() {
        Client client = start(Inspector.on(crew.runs()));
        String own = inspector.address().toString().replaceAll("/$", "");

        assertThat(client.with("Origin", own).get("/api/about").status()).isEqualTo(200);
        assertThat(client.with("Sec-Fetch-Site", "cross-site")
                        .with("Sec-Fetch-Mode", "navigate")
                        .get("/")
                        .status())
                .as("a link from elsewhere to the page")
                .isNotEqualTo(403);
    }

    // --- headers

    @ParameterizedTest
    @ValueSource(strings = {"/api/about", "/api/nothing", "/assets/none.js", "/api/runs?limit=0", "/nothing"})
    void headers_ofEveryAnswer_allowNothingForeign(String path) {
        Client.Answer answer = start(Inspector.on(crew.runs())).get(path);

        assertThat(answer.headers())
                .containsEntry("x-content-type-options", "nosniff")
                .containsEntry("referrer-policy", "no-referrer")
                .containsEntry("cache-control", "no-store")
                .containsEntry("x-frame-options", "DENY");
        assertThat(answer.headers().get("content-security-policy"))
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")
                .doesNotContain("unsafe");
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
    }
}
