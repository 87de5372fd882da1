package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Runs;
import io.flotilla.run.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Journals that earlier versions have written, which this one must read, replay and go on with.
 *
 * <p>The files in {@code golden/} are never changed, only added to: a folder a version, written by {@link GoldenRecorder}.
 * When a test here fails, the code is wrong: somebody's runs cannot be gone on with after an update.
 */
@Timeout(60)
class GoldenJournalTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path folder;

    private SqliteJournal journal;

    /** A copy: even a journal that is only read has a lock beside it. */
    private String open(String version, String name) throws IOException {
        Path copy = folder.resolve(name + ".sqlite");
        Files.copy(GOLDEN.resolve(version).resolve(name + ".sqlite"), copy);
        journal = SqliteJournal.builder(copy).codec(GoldenFlows.CODEC).open();
        return journal.list(JournalFilter.all()).map(RunSummary::runId).single().block(SOON);
    }

    @AfterEach
    void close() {
        journal.close().block(SOON);
    }

    private static String text(String version, String name) throws IOException {
        return Files.readString(GOLDEN.resolve(version).resolve(name));
    }

    private void assertReplays(String version, String name, Function<Journal, Workflow<Object, ?>> flow)
            throws IOException {
        String runId = open(version, name);

        assertThat(GoldenRecorder.facts(journal, runId)).isEqualTo(text(version, name + ".jsonl"));
        Runs<?> runs = flow.apply(journal).runs();
        assertThat(GoldenRecorder.replay(runs, runId)).isEqualTo(text(version, name + ".replay"));
    }

    @ParameterizedTest
    @ValueSource(strings = "0.1")
    void simple_isReadAndReplayed(String version) throws IOException {
        assertReplays(version, "simple", GoldenFlows::simple);

        RunResult<GoldenFlows.Report> result = GoldenFlows.simple(journal)
                .runs()
                .recover(journal.list(JournalFilter.all()).blockFirst(SOON).runId())
                .flatMap(Run::result)
                .block(SOON);
        assertThat(result.answers()).containsExactly(GoldenFlows.REPORT);
    }

    @ParameterizedTest
    @ValueSource(strings = "0.1")
    void forks_areReadAndReplayed(String version) throws IOException {
        assertReplays(version, "forks", GoldenFlows::forks);
    }

    @ParameterizedTest
    @ValueSource(strings = "0.1")
    void open_isReadAndReplayedAndGoneOnWith(String version) throws IOException {
        assertReplays(version, "open", journal -> GoldenFlows.open(journal, false));

        Run<String> run = GoldenFlows.open(journal, true)
                .runs()
                .recoverAll()
                .block(SOON)
                .recovered()
                .get(0);
        assertThat(run.questions())
                .singleElement()
                .satisfies(question -> assertThat(
                                run.answer(question.id(), "this one").block(SOON))
                        .isTrue());
        assertThat(run.result().block(SOON).answers()).containsExactly("answer this one, did b, did c");
    }

    /** The same workflows write the same today: what is new in a format has to be seen, and to be wanted. */
    @Test
    void facts_ofToday_haveTheFormOfTheLastGoldenOnes() throws IOException {
        journal = SqliteJournal.builder(folder.resolve("now.sqlite"))
                .codec(GoldenFlows.CODEC)
                .open();
        Run<GoldenFlows.Report> run = GoldenFlows.simple(journal).start("go");
        run.result().block(SOON);

        assertThat(form(GoldenRecorder.facts(journal, run.runId()))).isEqualTo(form(text("0.1", "simple.jsonl")));
    }

    private static String form(String facts) {
        return facts.replaceAll("\"at\":\"[^\"]*Z\",\"type\"", "\"at\":\"\",\"type\"")
                .replaceAll("\"(digestBefore|digestAfter)\":-?[0-9]+", "\"$1\":0");
    }
}
