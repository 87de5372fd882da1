package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.SOON;
import static io.flotilla.journal.sqlite.TestFacts.append;
import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthReport;
import io.flotilla.health.HealthStatus;
import io.flotilla.journal.JournalFileLostException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.JournalPoisonedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Files that somebody takes away while the journal has them open. */
@Timeout(60)
class LostFileTest {

    @TempDir
    Path folder;

    enum How {
        DELETED,
        RENAMED,
        LOG_DELETED,
        INDEX_DELETED,
        REPLACED,
        EMPTIED;

        void happens(Path file) throws IOException {
            Path log = file.resolveSibling(file.getFileName() + "-wal");
            switch (this) {
                case DELETED -> Files.delete(file);
                case RENAMED -> Files.move(file, file.resolveSibling("renamed.db"));
                case LOG_DELETED -> Files.delete(log);
                case INDEX_DELETED -> Files.delete(file.resolveSibling(file.getFileName() + "-shm"));
                case REPLACED -> {
                    Path other = file.resolveSibling("other.db");
                    close(SqliteJournal.builder(other).open());
                    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
                }
                case EMPTIED -> {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(0);
                    }
                }
            }
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource(How.class)
    void file_taken_isFoundOutByTheNextAppend(How how) throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 100);
        how.happens(file);
        List<String> left = names();

        StepVerifier.create(journal.append("run", 100, facts("run", 100, 101)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(JournalPoisonedException.class)
                        .hasCauseInstanceOf(JournalFileLostException.class))
                .verify(SOON);

        assertThat(journal.isPoisoned()).isTrue();
        assertThat(names()).as("nothing is made").isEqualTo(left);
        close(journal);
    }

    @Test
    void file_taken_isSeenByAHealthMonitor() throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 1);
        try (HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("journal", () -> journal.isPoisoned() ? Health.down("poisoned") : Health.up()))
                .failureThreshold(1)
                .build()) {
            assertThat(monitor.refresh().block(SOON)).matches(HealthReport::isReady);
            How.DELETED.happens(file);
            StepVerifier.create(journal.append("run", 1, facts("run", 1, 2)))
                    .expectError(JournalPoisonedException.class)
                    .verify(SOON);
            assertThat(monitor.refresh().block(SOON)).matches(report -> report.status() == HealthStatus.DOWN);
        }
        close(journal);
    }

    @ParameterizedTest
    @EnumSource(How.class)
    void file_taken_isFoundOutByTheNextRead(How how) throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 100);
        how.happens(file);
        List<String> left = names();

        for (Flux<?> read : List.of(
                journal.read("run", 0),
                journal.list(JournalFilter.all()),
                journal.sizeBytes().flux(),
                journal.backup(folder.resolve("copy.db")).flux())) {
            StepVerifier.create(read)
                    .expectError(JournalFileLostException.class)
                    .verify(SOON);
        }

        assertThat(journal.isPoisoned()).isTrue();
        assertThat(names()).as("nothing is made").isEqualTo(left);
        StepVerifier.create(journal.append("run", 100, facts("run", 100, 101)))
                .expectError(JournalPoisonedException.class)
                .verify(SOON);
        close(journal);
    }

    /** As if nothing had happened in the folder for long: then its log is not looked at with every commit. */
    private void settle() throws IOException {
        Files.setLastModifiedTime(folder, FileTime.from(Instant.now().minusSeconds(3_600)));
    }

    @ParameterizedTest
    @EnumSource(How.class)
    void file_takenAfterLong_isFoundOutByTheNextAppend(How how) throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 100);
        settle();
        append(journal, "run", 100, 101);
        append(journal, "run", 101, 102);
        how.happens(file);

        StepVerifier.create(journal.append("run", 102, facts("run", 102, 103)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(JournalPoisonedException.class)
                        .hasCauseInstanceOf(JournalFileLostException.class))
                .verify(SOON);
        close(journal);
    }

    @Test
    void log_inAFolderThatHasNotChanged_isNotLookedAt() throws IOException {
        Path file = folder.resolve("journal.db");
        SqliteJournal journal = SqliteJournal.builder(file).open();
        append(journal, "run", 0, 1);
        settle();
        FileTime before = Files.getLastModifiedTime(folder);
        append(journal, "run", 1, 2);
        How.LOG_DELETED.happens(file);
        Files.setLastModifiedTime(folder, before); // nobody does that; it shows what is relied upon

        assertThat(append(journal, "run", 2, 3)).isEqualTo(3);

        Files.setLastModifiedTime(folder, FileTime.from(before.toInstant().plusSeconds(1)));
        StepVerifier.create(journal.append("run", 3, facts("run", 3, 4)))
                .expectError(JournalPoisonedException.class)
                .verify(SOON);
        close(journal);
    }

    @Test
    void file_thatIsThere_isNeverFoundLost() {
        SqliteJournal journal =
                SqliteJournal.builder(folder.resolve("journal.db")).open();
        append(journal, "run", 0, 5_000);
        journal.delete("run").block(SOON);
        append(journal, "run", 0, 5_000);
        assertThat(journal.read("run", 0).count().block(SOON)).isEqualTo(5_000);
        assertThat(journal.isPoisoned()).isFalse();
        close(journal);
    }
}
