package io.flotilla.benchmarks;

import io.flotilla.journal.JournalEntry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The facts of runs in a file of SQLite, as one would write them who needs no journal: WAL, and an fsync a commit. */
final class FactsByHand implements AutoCloseable {

    private static final byte[] HASH = new byte[32];

    private final List<List<JournalEntry>> appends;
    private final Connection connection;
    private final PreparedStatement insertFact;
    private final PreparedStatement insertRun;
    private final PreparedStatement updateRun;
    private long runs;

    /** {@code appends} are those of one run. */
    FactsByHand(Path file, List<List<JournalEntry>> appends) throws SQLException {
        this.appends = appends;
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute(
                    "CREATE TABLE runs (run INTEGER PRIMARY KEY, next INTEGER, last INTEGER, hash BLOB, seal BLOB)");
            statement.execute(
                    "CREATE TABLE facts (id INTEGER PRIMARY KEY, at INTEGER, type TEXT, payload BLOB, hash BLOB)");
        }
        connection.setAutoCommit(false);
        insertFact = connection.prepareStatement("INSERT INTO facts VALUES (?, ?, ?, ?, ?)");
        insertRun = connection.prepareStatement("INSERT INTO runs VALUES (?, 0, 0, NULL, NULL)");
        updateRun = connection.prepareStatement("UPDATE runs SET next = ?, last = ?, hash = ?, seal = ? WHERE run = ?");
    }

    /** As many new runs, a commit for an append of each of them. */
    long write(int count) throws SQLException {
        long first = runs;
        runs += count;
        for (long run = first; run < runs; run++) {
            insertRun.setLong(1, run);
            insertRun.executeUpdate();
        }
        for (List<JournalEntry> append : appends) {
            for (long run = first; run < runs; run++) {
                write(run, append);
            }
            connection.commit();
        }
        return runs;
    }

    private void write(long run, List<JournalEntry> append) throws SQLException {
        long at = 0;
        long next = 0;
        for (JournalEntry entry : append) {
            at = entry.timestamp().toEpochMilli() * 1_000_000;
            next = entry.sequence() + 1;
            insertFact.setLong(1, run << 32 | entry.sequence());
            insertFact.setLong(2, at);
            insertFact.setString(3, entry.type());
            insertFact.setBytes(4, entry.payload());
            insertFact.setBytes(5, HASH);
            insertFact.executeUpdate();
        }
        updateRun.setLong(1, next);
        updateRun.setLong(2, at);
        updateRun.setBytes(3, HASH);
        updateRun.setBytes(4, HASH);
        updateRun.setLong(5, run);
        updateRun.executeUpdate();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
