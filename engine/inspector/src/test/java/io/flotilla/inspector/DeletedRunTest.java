package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Workflow;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** A run that is deleted while somebody looks at it. */
class DeletedRunTest {

    private static final String TOKEN = "a-token-for-the-tests";

    private static String ended(Workflow<Object, String> crew, int readers) {
        return Objects.requireNonNull(crew.run(readers).block(Client.PATIENCE)).runId();
    }

    @Test
    void run_deleted_isUnknownAndTheOthersAreThere() {
        Journal journal = InMemoryJournal.builder().build();
        Workflow<Object, String> crew = Flows.crew("crew", journal);
        String gone = ended(crew, 2);
        String other = ended(crew, 2);
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            Client client = Client.of(inspector);
            assertThat(client.get("/api/runs/" + gone).status()).isEqualTo(200);
            assertThat(client.get("/api/runs").json().get("runs")).hasSize(2);

            journal.delete(gone).block(Client.PATIENCE);

            for (String part : new String[] {"", "/facts", "/events", "/state", "/usage"}) {
                Client.Answer answer = client.get("/api/runs/" + gone + part);
                assertThat(answer.status()).as(part).isEqualTo(404);
                assertThat(answer.code()).as(part).isEqualTo("unknown-run");
            }
            assertThat(client.get("/api/compare?a=" + other + "&b=" + gone).code())
                    .isEqualTo("unknown-run");
            assertThat(client.get("/api/runs").json().get("runs")).hasSize(1);
            assertThat(client.get("/api/runs/" + other).status()).isEqualTo(200);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    /** What has been sent is not taken for the whole: the connection is cut. */
    @ParameterizedTest
    @ValueSource(strings = {"/facts?limit=1000000", "/events"})
    void response_ofARunThatIsDeletedMeanwhile_ends(String part, @TempDir Path folder) {
        SqliteJournal journal = SqliteJournal.builder(folder.resolve("runs.db"))
                .codec(JsonPayloadCodec.builder().build())
                .open();
        Workflow<Object, String> crew = Flows.crew("crew", journal);
        String id = ended(crew, 2_000);
        InspectorHandler handler = Inspector.on(crew.runs()).token(TOKEN).handler();
        try {
            int question = part.indexOf('?');
            InspectorRequest request = new InspectorRequest(
                    "GET",
                    "/api/runs/" + id + (question < 0 ? part : part.substring(0, question)),
                    question < 0 ? "" : part.substring(question + 1),
                    Map.of("Host", "127.0.0.1", "Authorization", "Bearer " + TOKEN),
                    null,
                    Flux.empty());

            StepVerifier.create(handler.handle(request).flatMapMany(InspectorResponse::body), 2)
                    .expectNextCount(2)
                    .then(() -> journal.delete(id).block(Client.PATIENCE))
                    .thenRequest(Long.MAX_VALUE)
                    .thenConsumeWhile(any -> true)
                    .expectError(RunDeletedException.class)
                    .verify(Client.PATIENCE);
        } finally {
            handler.dispose();
            journal.close().block(Client.PATIENCE);
        }
    }
}
