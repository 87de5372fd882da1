package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.SOON;
import static io.flotilla.journal.sqlite.TestFacts.append;
import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static io.flotilla.journal.sqlite.TestFacts.read;
import static io.flotilla.journal.sqlite.TestFacts.sql;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What is not as it was is found and named; what is in front of it is given, what comes after it is not. */
@Timeout(300)
class CorruptionTest {

    private static final int FACTS = 600;
    private static final int RANDOM_BYTES = Integer.getInteger("random.rounds", 1_000);

    @TempDir
    Path folder;

    /** A run of 600 facts between two others, something done to the file, the journal open again. */
    private void after(List<String> statements, Consumer<SqliteJournal> check) {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "before", 0, 10);
        append(journal, "run", 0, FACTS);
        append(journal, "zafter", 0, 10);
        close(journal);
        sql(file, statements.toArray(String[]::new));
        SqliteJournal again = SqliteJournal.builder(file).open();
        check.accept(again);
        assertThat(read(again, "before", 0)).isEqualTo(new TestFacts.Seen(facts("before", 0, 10), null));
        assertThat(read(again, "zafter", 0)).isEqualTo(new TestFacts.Seen(facts("zafter", 0, 10), null));
        close(again);
    }

    private static void isFoundAt(SqliteJournal journal, long sequence) {
        for (long from : LongStream.of(0, 1, sequence - 1, sequence)
                .filter(any -> any >= 0 && any <= sequence)
                .toArray()) {
            TestFacts.Seen seen = read(journal, "run", from);
            assertThat(seen.entries()).as("from %d", from).isEqualTo(facts("run", from, sequence));
            assertThat(seen.error())
                    .as("from %d", from)
                    .isInstanceOfSatisfying(JournalCorruptedException.class, fault -> {
                        assertThat(fault.runId()).isEqualTo("run");
                        assertThat(fault.sequence()).isEqualTo(sequence);
                        assertThat(fault).hasMessageContainingAll("run", Long.toString(sequence));
                    });
        }
    }

    /** A whole page, whose last row has the number that no run has. */
    @Test
    void list_newestFirstAfterARowWasGivenTheNumberZero_ends() {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        Flux.range(0, 256)
                .flatMap(run -> journal.append("run-" + run, 0, facts("run-" + run, 0, 1)), 256)
                .blockLast(SOON);
        close(journal);
        sql(file, "UPDATE runs SET run_no = 0 WHERE run_no = (SELECT min(run_no) FROM runs)");
        SqliteJournal again = SqliteJournal.builder(file).open();

        assertThat(again.list(JournalFilter.all().newestFirst())
                        .onErrorResume(JournalCorruptedException.class, fault -> Mono.empty())
                        .take(1_000)
                        .map(RunSummary::runId)
                        .collectList()
                        .block(SOON))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThan(250);
        close(again);
    }

    private static String idOf(long sequence) {
        return "(SELECT run_no << 32 | " + sequence + " FROM runs WHERE run_id = 'run')";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "at = at + 1 @ 300",
                "at = -at @ 300",
                "type = 'type-x' @ 300",
                "type = type || 'x' @ 256",
                "payload = CAST(payload || x'00' AS BLOB) @ 300",
                "payload = x'' @ 300",
                "payload = zeroblob(length(payload)) @ 255",
                "hash = zeroblob(32) @ 300",
                "hash = x'' @ 300",
                "hash = CAST(substr(hash, 1, 31) AS BLOB) @ 599",
                "payload = x'01' @ 0",
                "hash = zeroblob(32) @ 0",
                "id = id + 10000 @ 300"
            })
    void fact_altered_isNamed(String change, long sequence) {
        after(
                List.of("UPDATE facts SET " + change + " WHERE id = " + idOf(sequence)),
                journal -> isFoundAt(journal, sequence));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 255, 256, 257, 598, 599})
    void fact_missing_isNamed(long sequence) {
        after(List.of("DELETE FROM facts WHERE id = " + idOf(sequence)), journal -> isFoundAt(journal, sequence));
    }

    @Test
    void facts_missingToTheEnd_areNamedAndNothingIsAppendedToThem() {
        after(List.of("DELETE FROM facts WHERE id >= " + idOf(400) + " AND id <= " + idOf(FACTS)), journal -> {
            isFoundAt(journal, 400);
            for (long expected : new long[] {400, FACTS}) {
                Throwable error = journal.append("run", expected, facts("run", expected, expected + 1))
                        .then(Mono.<Throwable>empty())
                        .onErrorResume(Mono::just)
                        .block(SOON);
                assertThat(error).isInstanceOf(JournalException.class);
            }
            assertThat(append(journal, "other", 0, 1)).as("other runs go on").isEqualTo(1);
        });
    }

    @Test
    void facts_swapped_areFoundAtTheFirst() {
        after(
                List.of(
                        "UPDATE facts SET id = 1 WHERE id = " + idOf(300),
                        "UPDATE facts SET id = " + idOf(300) + " WHERE id = " + idOf(301),
                        "UPDATE facts SET id = " + idOf(301) + " WHERE id = 1"),
                journal -> isFoundAt(journal, 300));
    }

    @Test
    void fact_ofAnotherRunInItsPlace_isFound() {
        after(
                List.of(
                        "DELETE FROM facts WHERE id = " + idOf(3),
                        "INSERT INTO facts SELECT " + idOf(3) + ", at, type, payload, hash FROM facts"
                                + " WHERE id = (SELECT run_no << 32 | 3 FROM runs WHERE run_id = 'zafter')"),
                journal -> isFoundAt(journal, 3));
    }

    @Test
    void fact_behindTheEnd_isNotReadAndNothingIsAppendedThere() {
        after(
                List.of("INSERT INTO facts SELECT " + idOf(FACTS) + ", at, type, payload, hash FROM facts WHERE id = "
                        + idOf(3)),
                journal -> {
                    assertThat(read(journal, "run", 0)).isEqualTo(new TestFacts.Seen(facts("run", 0, FACTS), null));
                    Throwable error = journal.append("run", FACTS, facts("run", FACTS, FACTS + 1))
                            .then(Mono.<Throwable>empty())
                            .onErrorResume(Mono::just)
                            .block(SOON);
                    assertThat(error)
                            .isInstanceOfSatisfying(
                                    JournalCorruptedException.class,
                                    fault -> assertThat(fault.sequence()).isEqualTo(FACTS));
                    assertThat(journal.isPoisoned()).isFalse();
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "next = 300",
                "next = 601",
                "started = 1",
                "last = 1",
                "last_type = 'run-finished'",
                "bytes = 0",
                "hash = zeroblob(32)",
                "seal = zeroblob(32)"
            })
    void row_ofARunAltered_isFoundAfterItsFactsAndInTheList(String change) {
        after(List.of("UPDATE runs SET " + change + " WHERE run_id = 'run'"), journal -> {
            TestFacts.Seen seen = read(journal, "run", 0);
            assertThat(seen.entries()).isEqualTo(facts("run", 0, FACTS));
            assertThat(seen.error()).isInstanceOf(JournalCorruptedException.class);

            List<String> listed = new ArrayList<>();
            Throwable error = journal.list(JournalFilter.all())
                    .map(RunSummary::runId)
                    .doOnNext(listed::add)
                    .then(Mono.<Throwable>empty())
                    .onErrorResume(Mono::just)
                    .block(SOON);
            assertThat(listed).containsExactly("before", "zafter");
            assertThat(error)
                    .isInstanceOfSatisfying(
                            JournalCorruptedException.class,
                            fault -> assertThat(fault.runId()).isEqualTo("run"));
        });
    }

    @Test
    void delete_ofACorruptedRun_removesIt() {
        after(List.of("UPDATE facts SET payload = x'01' WHERE id = " + idOf(3)), journal -> {
            assertThat(journal.delete("run").block(SOON)).isTrue();
            assertThat(append(journal, "run", 0, 5)).isEqualTo(5);
        });
    }

    /** Any byte of the file: never a fact that was not appended, never fewer without an error. */
    @Test
    void byte_changedAnywhereInTheFile_isNeverTakenForData() throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        List<String> runs = List.of("a", "b", "c");
        runs.forEach(runId -> append(journal, runId, 0, 12));
        close(journal);
        byte[] whole = Files.readAllBytes(file);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int found = 0;
        for (int round = 0; round < RANDOM_BYTES; round++) {
            int at = random.nextInt(whole.length);
            byte[] changed = whole.clone();
            changed[at] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, changed);
            Files.deleteIfExists(folder.resolve("journal.db-wal"));
            Files.deleteIfExists(folder.resolve("journal.db-shm"));
            found += isFoundOrHarmless(file, runs, "seed " + seed + ", byte " + at + " is " + changed[at]) ? 1 : 0;
        }
        assertThat(found).as("most bytes are those of facts").isGreaterThan(RANDOM_BYTES / 10);
    }

    private static boolean isFoundOrHarmless(Path file, List<String> runs, String which) {
        SqliteJournal journal;
        try {
            journal = SqliteJournal.builder(file).open();
        } catch (JournalException refused) {
            return true;
        }
        boolean found = journal.isPoisoned();
        for (String runId : runs) {
            TestFacts.Seen seen = read(journal, runId, 0);
            found |= seen.error() != null;
            if (seen.error() == null) {
                assertThat(seen.entries()).as(which).isEqualTo(facts(runId, 0, 12));
            } else {
                assertThat(seen.error()).as(which).isInstanceOf(JournalCorruptedException.class);
                assertThat(seen.entries())
                        .as(which)
                        .isEqualTo(facts(runId, 0, seen.entries().size()));
            }
        }
        close(journal);
        return found;
    }
}
