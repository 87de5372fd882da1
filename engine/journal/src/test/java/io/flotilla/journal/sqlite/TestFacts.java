package io.flotilla.journal.sqlite;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Facts whose content follows from their place, so that nobody has to remember what was appended. */
final class TestFacts {

    static final Duration SOON = Duration.ofSeconds(60);
    static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    private TestFacts() {}

    static JournalEntry fact(String runId, long sequence) {
        Random random = new Random(31L * runId.hashCode() + sequence);
        byte[] payload = new byte[random.nextInt(200)];
        random.nextBytes(payload);
        return new JournalEntry(sequence, NOON.plusNanos(random.nextLong(1L << 40)), "type-" + sequence % 5, payload);
    }

    static List<JournalEntry> facts(String runId, long from, long to) {
        return LongStream.range(from, to)
                .mapToObj(sequence -> fact(runId, sequence))
                .toList();
    }

    static long append(Journal journal, String runId, long from, long to) {
        return journal.append(runId, from, facts(runId, from, to)).block(SOON);
    }

    /** What a read gave before it ended. */
    record Seen(List<JournalEntry> entries, @Nullable Throwable error) {}

    static Seen read(Journal journal, String runId, long from) {
        List<JournalEntry> entries = new ArrayList<>();
        Throwable error = journal.read(runId, from)
                .doOnNext(entries::add)
                .then(Mono.<Throwable>empty())
                .onErrorResume(JournalException.class, Mono::just)
                .block(SOON);
        return new Seen(entries, error);
    }

    static void close(Journal journal) {
        journal.close().block(SOON);
    }

    /** What somebody else does to the file while no journal has it. */
    static void sql(Path file, String... statements) {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            for (String one : statements) {
                statement.execute(one);
            }
        } catch (SQLException failed) {
            throw new AssertionError(failed);
        }
    }
}
