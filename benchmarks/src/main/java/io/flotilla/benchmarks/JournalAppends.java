package io.flotilla.benchmarks;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.sqlite.SqliteJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * How many facts a second does a journal take, and how many bytes of the disk does one need?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="JournalAppends"</pre>
 *
 * <p>{@code steps} is the number of runs that append at the same time; each appends one fact of 200 bytes, waits for it to be
 * acknowledged, and appends the next. {@code commitAFact} is SQLite by hand, WAL and
 * {@code synchronous=FULL} too, one commit a fact; {@code commitABatch} has one commit for a fact of every run, which only one
 * who knows all runs beforehand can write. Neither has hashes, a list of runs, or a check of the sequence. The time is that of
 * one fact, all runs taken together; {@code fileBytes} is what the file and its log have grown by.
 *
 * <p>It writes into the folder for temporary files; on one in memory it measures nothing. {@code -Djava.io.tmpdir=...} in
 * {@code -jvmArgsAppend} is another one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class JournalAppends {

    private static final int FACTS = 4;
    private static final int PAYLOAD = 200;
    private static final int KEPT = 1_000;

    /** How many runs append at the same time. */
    @Param({"1", "8", "64", "256"})
    int steps;

    private final byte[] payload = new byte[PAYLOAD];
    private final Instant now = Instant.parse("2026-11-20T12:00:00Z");
    private long[] next = {};
    private @Nullable Path folder;
    private @Nullable Journal memory;
    private @Nullable SqliteJournal sqlite;
    private @Nullable Connection byHand;
    private @Nullable PreparedStatement insert;

    /** Beside the time. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Room {

        /** Facts that were acknowledged. */
        public long facts;

        /** What they take of the disk. */
        public long fileBytes;

        private long before;
        private @Nullable JournalAppends of;

        @Setup(Level.Iteration)
        public void begin(JournalAppends benchmark) throws IOException {
            of = benchmark;
            facts = 0;
            fileBytes = 0;
            before = benchmark.sizeBytes();
        }

        @TearDown(Level.Iteration)
        public void end() throws IOException {
            if (of != null) {
                fileBytes = of.sizeBytes() - before;
            }
        }
    }

    @Setup
    public void setUp() throws IOException, SQLException {
        new Random(7).nextBytes(payload);
        next = new long[steps];
        Path made = Files.createTempDirectory("journal-appends");
        folder = made;
        memory = Journal.inMemory();
        sqlite = SqliteJournal.builder(made.resolve("journal.db")).open();
        Connection connection = DriverManager.getConnection("jdbc:sqlite:" + made.resolve("by-hand.db"));
        byHand = connection;
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("CREATE TABLE facts (run INTEGER, sequence INTEGER, at INTEGER, type TEXT, payload BLOB,"
                    + " PRIMARY KEY (run, sequence)) WITHOUT ROWID");
        }
        connection.setAutoCommit(false);
        insert = connection.prepareStatement("INSERT INTO facts VALUES (?, ?, ?, ?, ?)");
    }

    @TearDown
    public void tearDown() throws IOException, SQLException {
        if (sqlite != null) {
            sqlite.close().block();
        }
        if (byHand != null) {
            byHand.close();
        }
        if (folder != null) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private long sizeBytes() throws IOException {
        if (folder == null) {
            return 0;
        }
        long sum = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                sum += file.toString().endsWith("-shm") ? 0 : Files.size(file);
            }
        }
        return sum;
    }

    private long append(@Nullable Journal journal, Room room) {
        if (journal == null) {
            throw new IllegalStateException("not set up");
        }
        Flux.range(0, steps)
                .flatMap(
                        run -> Mono.defer(() -> journal.append(
                                        "run-" + run,
                                        next[run],
                                        List.of(new JournalEntry(next[run], now, "step-settled", payload))))
                                .doOnNext(end -> next[run] = end)
                                .repeat(FACTS - 1),
                        steps)
                .blockLast();
        room.facts += (long) steps * FACTS;
        return Arrays.stream(next).sum();
    }

    @Benchmark
    @OperationsPerInvocation(FACTS)
    public long inMemory(Room room) {
        if (next[0] >= KEPT) {
            memory = Journal.inMemory(); // or it would be full of all facts of the fork
            Arrays.fill(next, 0);
        }
        return append(memory, room);
    }

    @Benchmark
    @OperationsPerInvocation(FACTS)
    public long journal(Room room) {
        return append(sqlite, room);
    }

    private void insert(int run) throws SQLException {
        if (insert == null) {
            throw new IllegalStateException("not set up");
        }
        insert.setLong(1, run);
        insert.setLong(2, next[run]++);
        insert.setLong(3, now.toEpochMilli());
        insert.setString(4, "step-settled");
        insert.setBytes(5, payload);
        insert.executeUpdate();
    }

    private void commit() throws SQLException {
        if (byHand != null) {
            byHand.commit();
        }
    }

    @Benchmark
    @OperationsPerInvocation(FACTS)
    public long commitAFact(Room room) throws SQLException {
        for (int fact = 0; fact < FACTS; fact++) {
            for (int run = 0; run < steps; run++) {
                insert(run);
                commit();
            }
        }
        room.facts += (long) steps * FACTS;
        return next[0];
    }

    @Benchmark
    @OperationsPerInvocation(FACTS)
    public long commitABatch(Room room) throws SQLException {
        for (int fact = 0; fact < FACTS; fact++) {
            for (int run = 0; run < steps; run++) {
                insert(run);
            }
            commit();
        }
        room.facts += (long) steps * FACTS;
        return next[0];
    }
}
