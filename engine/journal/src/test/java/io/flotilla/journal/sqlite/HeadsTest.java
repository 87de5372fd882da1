package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.SOON;
import static io.flotilla.journal.sqlite.TestFacts.append;
import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static io.flotilla.journal.sqlite.TestFacts.read;
import static io.flotilla.journal.sqlite.TestFacts.sql;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.StaleAppendException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The rows of runs that are remembered, and who is told by the thread that writes. */
@Timeout(60)
class HeadsTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("journal.db");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE runs SET next = next + 1 WHERE run_id = 'run'",
                "UPDATE runs SET hash = x'00' WHERE run_id = 'run'",
                "DELETE FROM facts WHERE id = (SELECT run_no << 32 | 6 FROM runs WHERE run_id = 'run')"
            })
    void append_afterAnotherProgramHasWritten_readsItsRowAgain(String change) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 5);
        append(journal, "run", 5, 7);
        append(journal, "other", 0, 3);

        sql(file, change);

        StepVerifier.create(journal.append("run", 7, facts("run", 7, 8)))
                .expectError(JournalCorruptedException.class)
                .verify(SOON);
        assertThat(append(journal, "other", 3, 4)).isEqualTo(4);
        close(journal);
    }

    @Test
    void append_ofMoreRunsThanAreRemembered_findsEachWhereItWas() {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        for (int round = 0; round < 2; round++) {
            int from = round;
            Flux.range(0, 4_096 + 100)
                    .flatMap(run -> journal.append("run-" + run, from, facts("run-" + run, from, from + 1)), 512)
                    .blockLast(SOON);
        }

        assertThat(append(journal, "run-0", 2, 3)).isEqualTo(3);
        StepVerifier.create(journal.append("run-1", 1, facts("run-1", 1, 2)))
                .expectError(StaleAppendException.class)
                .verify(SOON);
        close(journal);
    }

    @Test
    void append_ofARunThatWasDeletedOrCopied_beginsWhereThatHasEnded() {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 5);
        append(journal, "run", 5, 7);
        assertThat(journal.copy("run", 6, "copy", facts("copy", 6, 8)).block(SOON))
                .isEqualTo(8);
        assertThat(append(journal, "copy", 8, 9)).isEqualTo(9);

        assertThat(journal.delete("run").block(SOON)).isTrue();

        assertThat(append(journal, "run", 0, 2)).isEqualTo(2);
        assertThat(read(journal, "run", 0).entries()).isEqualTo(facts("run", 0, 2));
        close(journal);
    }

    /** Once in a while the append is there before its subscriber has asked for it: then that one has it on its own thread. */
    @Test
    void appendDirect_isSignalledByTheOneWhoWrites_andDurable() {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        Set<String> threads = new HashSet<>();

        for (int next = 0; next < 50; next++) {
            assertThat(journal.appendDirect("run", next, facts("run", next, next + 1))
                            .doOnNext(sequence ->
                                    threads.add(Thread.currentThread().getName()))
                            .block(SOON))
                    .isEqualTo(next + 1);
        }
        assertThat(threads)
                .contains("flotilla-journal")
                .isSubsetOf("flotilla-journal", Thread.currentThread().getName());
        assertThat(read(journal, "run", 0).entries()).isEqualTo(facts("run", 0, 50));
        close(journal);
    }
}
