package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Workflow;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked wrongly: of one inspector, which nothing of it hurts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InspectorErrorsTest {

    private static final String TOKEN = "correct-horse-battery-staple";

    private final Workflow<Object, String> crew = Flows.crew("crew", Journal.inMemory());
    private final Workflow<Object, String> other =
            Flows.crew("other", java.util.Objects.requireNonNull(crew.journal()));
    private Inspector inspector;
    private Client client;
    private String run;

    @BeforeAll
    void start() {
        inspector = Inspector.on(crew.runs())
                .token(TOKEN)
                .allowActions(true)
                .start()
                .block(Client.PATIENCE);
        client = Client.of(inspector).token(TOKEN);
        run = crew.run(2).block(Client.PATIENCE).runId();
    }

    @AfterAll
    void stop() {
        inspector.stop().block(Client.PATIENCE);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/nothing, 404, not-found",
        "/nothing, 404, not-found",
        "/api, 404, not-found",
        "/api/runs/none, 404, unknown-run",
        "/api/runs/none/facts, 404, unknown-run",
        "/api/runs/none/events, 404, unknown-run",
        "/api/runs/none/state, 404, unknown-run",
        "/api/runs/none/usage, 404, unknown-run",
        "/api/runs/RUN/nothing, 404, not-found",
        "/api/runs/%C3%A9%20, 404, unknown-run",
        "/api/runs/%zz, 400, malformed-url",
        "/api/runs?limit=0, 400, invalid-parameter",
        "/api/runs?limit=-1, 400, invalid-parameter",
        "/api/runs?limit=501, 400, invalid-parameter",
        "/api/runs?limit=99999999999999999999, 400, invalid-parameter",
        "/api/runs?limit=x, 400, invalid-parameter",
        "/api/runs?after=%2B%2B, 400, invalid-parameter",
        "/api/runs?after=Zm9vIGJhciBiYXo, 400, invalid-parameter",
        "/api/runs?after=bm9uZQ, 410, cursor-gone",
        "/api/runs?status=green, 400, invalid-parameter",
        "/api/runs?label=acme, 400, invalid-parameter",
        "/api/runs?id=%20, 400, invalid-parameter",
        "/api/runs/RUN/facts?from=-1, 400, invalid-parameter",
        "/api/runs/RUN/facts?limit=0, 400, invalid-parameter",
        "/api/runs/RUN/facts?limit=1000001, 400, invalid-parameter",
        "/api/runs/RUN/state?at=-1, 400, invalid-parameter",
        "/api/runs/RUN/events?after=x, 400, invalid-parameter",
        "/api/runs/RUN/events?after=-2, 400, invalid-parameter",
        "/api/runs/RUN/events?after=9999999999999999999, 400, invalid-parameter",
        "/api/runs/RUN/events?after=1.tape, 400, invalid-parameter",
        "/api/runs/RUN/events?after=1.TAPE.2, 400, invalid-parameter",
        "/api/runs/RUN/events?after=1.tape.-1, 400, invalid-parameter",
        "/api/compare?a=RUN, 400, invalid-parameter",
        "/api/compare?a=RUN&b=none, 404, unknown-run",
    })
    void get_wrongly_isATypedError(String path, int status, String code) {
        Client.Answer answer = client.get(path.replace("RUN", run));

        assertThat(answer.code()).as(answer.text()).isEqualTo(code);
        assertThat(answer.status()).isEqualTo(status);
    }

    @Test
    void run_ofAWorkflowThatIsNotShown_isUnknown() {
        String foreign = other.run(1).block(Client.PATIENCE).runId();

        assertThat(client.get("/api/runs/" + foreign).code()).isEqualTo("unknown-run");
        assertThat(client.get("/api/runs").text()).doesNotContain(foreign).contains(run);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"})
    void method_thatIsNotGet_isRefused(String method) {
        for (String path : new String[] {"/api/about", "/", "/assets/app.js", "/api/runs/x/facts"}) {
            Client.Answer answer = client.send(method, path, "");

            assertThat(answer.status()).as("%s %s", method, path).isEqualTo(405);
            assertThat(answer.headers().entrySet())
                    .as("%s %s", method, path)
                    .anyMatch(header -> header.getKey().equalsIgnoreCase("Allow")
                            && header.getValue().equals("GET"));
        }
    }

    @Test
    void get_ofAnAction_isRefused() {
        assertThat(client.get("/api/runs/" + run + "/cancel").code()).isEqualTo("method-not-allowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/../Inspector.class",
                "/assets/..%2f..%2f..%2fmodule-info.class",
                "/assets/%2e%2e/module-info.class",
                "/assets/Inspector.class",
                "/assets/%2fetc%2fpasswd",
                "/assets/..%5cx.js",
                "/assets/.js",
                "/assets/",
                "/assets",
                "/assets/sub/x.js"
            })
    void assets_elsewhere_areNotThere(String path) {
        assertThat(client.get(path).status()).as(path).isEqualTo(404);
    }

    @Test
    void body_ofAMegabyte_isRefused() {
        String large = "{\"value\":\"" + "x".repeat(1_000_000) + "\"}";

        assertThat(client.post("/api/runs/" + run + "/answer", large).code()).isEqualTo("too-large");
        assertThat(client.get("/api/about").status())
                .as("and nothing else is hurt")
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "nonsense",
                "{\"a\":1,}",
                "{\"a\":01}",
                "{\"a\":\"\\x\"}",
                "{} {}",
                "\"text\"",
                "{\"a\":tru}"
            })
    void body_thatIsNoObject_isRefused(String body) {
        Client.Answer answer = client.post("/api/runs/" + run + "/cancel", body);

        assertThat(answer.code()).isEqualTo("malformed-json");
        assertThat(answer.status()).isEqualTo(400);
    }

    @Test
    void body_thatIsNestedTooDeep_isRefused() {
        String deep = "{\"a\":" + "[".repeat(30_000);

        assertThat(client.post("/api/runs/" + run + "/cancel", deep).code()).isEqualTo("malformed-json");
    }

    @Test
    void url_ofTenThousandCharacters_isRefused() {
        assertThat(client.get("/api/runs?id=" + "x".repeat(10_000)).status()).isBetween(400, 499);
        assertThat(client.get("/api/about").status()).isEqualTo(200);
    }
}
