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

    /** With {@code -Dpaging.runs=100000 -Dpaging.shown=1} the times of pages are shown. This is not to be a test of the machine. */
    private static final Duration LIMIT = Duration.ofSeconds(2);

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

    private static void assertPagesAreQuick(Journal journal, int runs, Duration limit) {
        Workflow<Object, String> crew = Flows.crew("crew", journal);
        fill(journal, crew, runs);
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            Client client = Client.of(inspector);
            client.get("/api/runs"); // classes are loaded
            String after = "";
            for (int page = 0; page < Integer.getInteger("paging.pages", 5); page++) {
                long begun = System.nanoTime();
                JsonNode found = client.get("/api/runs?after=" + after).json();
                Duration took = Duration.ofNanos(System.nanoTime() - begun);

                assertThat(found.get("runs")).hasSize(50);
                assertThat(found.get("runs").get(0).get("id").asString()).endsWith("-" + (runs - 1 - 50 * page));
                assertThat(found.get("runs").get(0).get("steps").asLong()).isEqualTo(4);
                assertThat(took).isLessThan(limit);
                System.getProperties().computeIfPresent("paging.shown", (key, value) -> {
                    System.out.println(journal.getClass().getSimpleName() + " " + took.toMillis() + " ms");
                    return value;
                });
                after = found.get("next").asString();
            }
            JsonNode byId = client.get("/api/runs?id=run-96-9&limit=500").json();
            assertThat(byId.get("runs"))
                    .isNotEmpty()
                    .allMatch(row -> row.get("id").asString().startsWith("run-96-9"));
            long begun = System.nanoTime();
            JsonNode none = client.get("/api/runs?label=tenant:none").json();
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .as("a search is bounded")
                    .isLessThan(limit);
            assertThat(none.get("runs")).isEmpty();
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void runs_manyInMemory_areThereAtOnce() {
        assertPagesAreQuick(
                InMemoryJournal.builder().maxRuns(200_000).build(), Integer.getInteger("paging.runs", 20_000), LIMIT);
    }

    @Test
    void runs_manyInAFile_areThereAtOnce(@TempDir Path folder) {
        SqliteJournal journal = SqliteJournal.builder(folder.resolve("runs.db"))
                .codec(JsonPayloadCodec.builder().build())
                .open();
        try {
            assertPagesAreQuick(journal, Integer.getInteger("paging.runs", 3_000), LIMIT);
        } finally {
            journal.close().block(Client.PATIENCE);
        }
    }
}
