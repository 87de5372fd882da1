package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Workflow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

/** Journals of many runs. */
class InspectorPagingTest {

    /**
     * This is not to be a test of the machine: with {@code -Dinspector.runs=100000 -Dpaging.shown=1} the times are shown, which are to be
     * under 200 ms.
     */
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private static final int RUNS = Integer.getInteger("inspector.runs", 3_000);

    private static void fill(Journal journal, Workflow<Object, String> crew, int runs) {
        String first = crew.run(2).block(Client.PATIENCE).runId();
        List<JournalEntry> entries = journal.read(first, 0).collectList().block(Client.PATIENCE);
        int last = entries.size() - 1;
        Flux.range(1, runs - 1)
                .flatMap(
                        run -> journal.copy(
                                first, last, "run-" + run % 97 + "-" + run, entries.subList(last, last + 1)),
                        256)
                .blockLast(Duration.ofMinutes(2));
    }

    private static JsonNode timed(Client client, String what, String path) {
        long begun = System.nanoTime();
        JsonNode found = client.get(path).json();
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        System.getProperties().computeIfPresent("paging.shown", (key, value) -> {
            System.out.println(what + " " + took.toMillis() + " ms " + path);
            return value;
        });
        assertThat(took).as(path).isLessThan(LIMIT);
        return found;
    }

    private static void assertPagesAreQuick(Journal journal) {
        Workflow<Object, String> crew = Flows.crew("crew", journal);
        fill(journal, crew, RUNS);
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        String what = journal.getClass().getSimpleName();
        try {
            Client client = Client.of(inspector);
            String after = "";
            for (int page = 0; page < Integer.getInteger("paging.pages", 5); page++) {
                JsonNode found = timed(client, what, "/api/runs?after=" + after);

                assertThat(found.get("runs")).hasSize(50);
                assertThat(found.get("runs").get(0).get("id").asString()).endsWith("-" + (RUNS - 1 - 50 * page));
                assertThat(found.get("runs").get(0).get("status").asString()).isEqualTo("succeeded");
                after = found.get("next").asString();
            }
            assertThat(timed(client, what, "/api/runs?after=" + after)
                            .get("runs")
                            .get(0)
                            .get("steps")
                            .asLong())
                    .isEqualTo(4);
            assertThat(timed(client, what, "/api/runs?id=run-96-9").get("runs"))
                    .isNotEmpty()
                    .allMatch(row -> row.get("id").asString().startsWith("run-96-9"));
            assertThat(timed(client, what, "/api/runs?id=run-96-&limit=500").get("runs"))
                    .hasSizeGreaterThanOrEqualTo(Math.min(500, RUNS / 100));
            assertThat(timed(client, what, "/api/runs?status=succeeded").get("runs"))
                    .hasSize(50);
            assertThat(timed(client, what, "/api/runs?workflow=crew").get("runs"))
                    .hasSize(50);
            for (String none : List.of("status=live", "status=unfinished", "status=failed", "label=tenant:none")) {
                assertThat(timed(client, what, "/api/runs?" + none).get("runs"))
                        .as("a search is bounded")
                        .isEmpty();
            }
            assertThat(timed(client, what, "/api/runs?workflow=none").get("runs"))
                    .isEmpty();
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void runs_manyInMemory_areThereAtOnce() {
        assertPagesAreQuick(InMemoryJournal.builder().maxRuns(200_000).build());
    }

    @Test
    void runs_whoseReplayIsLong_areListedAtOnceAndCountedLater() {
        Journal journal = Journal.inMemory();
        Workflow<Object, String> crew = Flows.crew("crew", journal);
        String id = crew.run(1_000).block(Client.PATIENCE).runId();
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            JsonNode page = Client.of(inspector).get("/api/runs").json();
            JsonNode row = page.get("runs").get(0);
            assertThat(row.get("status").asString()).isEqualTo("succeeded");
            assertThat(row.get("facts").asLong()).isGreaterThan(1_000);
            assertThat(row.get("steps").isNull()).isTrue();
            assertThat(row.get("tokens").isNull()).isTrue();

            JsonNode counted = Client.of(inspector)
                    .events("/api/live?after=" + page.get("cursor").asString())
                    .next()
                    .block(Client.PATIENCE)
                    .json();

            assertThat(counted.get("id").asString()).isEqualTo(id);
            assertThat(counted.get("steps").asLong()).isEqualTo(1_002);
            assertThat(Client.of(inspector)
                            .get("/api/runs")
                            .json()
                            .get("runs")
                            .get(0)
                            .get("tokens")
                            .asLong())
                    .as("which is kept")
                    .isEqualTo(10_000);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void runs_manyInAFile_areThereAtOnce(@TempDir Path folder) {
        SqliteJournal journal = SqliteJournal.builder(folder.resolve("runs.db"))
                .codec(JsonPayloadCodec.builder().build())
                .open();
        try {
            assertPagesAreQuick(journal);
        } finally {
            journal.close().block(Client.PATIENCE);
        }
    }
}
