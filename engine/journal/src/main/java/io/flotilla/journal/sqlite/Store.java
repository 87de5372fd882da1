package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalException;
import io.flotilla.journal.JournalFullException;
import io.flotilla.journal.StaleAppendException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The statements of the connection that writes. Belongs to the writer's thread. */
final class Store implements AutoCloseable {

    private final Connection connection;
    private final Statement any;
    private final PreparedStatement head;
    private final PreparedStatement insertFact;
    private final PreparedStatement insertRun;
    private final PreparedStatement updateRun;
    private final PreparedStatement deleteFacts;
    private final PreparedStatement deleteRun;
    private final Chain chain = new Chain();
    private final Heads heads;
    private long nextRunNo;
    private boolean written;

    Store(Connection connection) throws SQLException {
        this.connection = connection;
        any = connection.createStatement();
        head = connection.prepareStatement("SELECT " + RunHead.COLUMNS
                + ", (SELECT max(id) FROM facts WHERE id BETWEEN r.run_no << 32 AND (r.run_no << 32) + 4294967295)"
                + " FROM runs r WHERE run_id = ?");
        insertFact =
                connection.prepareStatement("INSERT INTO facts (id, at, type, payload, hash) VALUES (?, ?, ?, ?, ?)");
        insertRun = connection.prepareStatement(
                "INSERT INTO runs (next, started, last, last_type, bytes, hash, seal, run_no, run_id)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        updateRun = connection.prepareStatement("UPDATE runs SET next = ?, started = ?, last = ?, last_type = ?,"
                + " bytes = ?, hash = ?, seal = ? WHERE run_no = ? AND run_id = ?");
        deleteFacts = connection.prepareStatement("DELETE FROM facts WHERE id BETWEEN ? AND ?");
        deleteRun = connection.prepareStatement("DELETE FROM runs WHERE run_no = ?");
        heads = new Heads(connection);
        nextRunNo =
                Math.max(number("SELECT max(run_no) FROM runs"), Format.runNoOf(number("SELECT max(id) FROM facts")))
                        + 1;
    }

    /** Also 0 where there is none. */
    private long number(String query) throws SQLException {
        try (ResultSet row = any.executeQuery(query)) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    // --- transactions

    /**
     * Begins a transaction, and has the driver know of it: else it looks with every statement whether there is one. The
     * connection is set to begin at once, see {@link JournalFile#connectWriter}.
     */
    void begin() throws SQLException {
        written = false;
        try {
            connection.setAutoCommit(false);
        } catch (SQLException notBegun) {
            ended();
            throw notBegun;
        }
        heads.refresh();
    }

    void commit() throws SQLException {
        connection.setAutoCommit(true);
    }

    void rollback() throws SQLException {
        heads.clear();
        try {
            any.execute("ROLLBACK");
        } finally {
            ended();
        }
    }

    /** There is no transaction, so this commits none. */
    private void ended() {
        try {
            connection.setAutoCommit(true);
        } catch (SQLException noTransaction) {
            // as expected
        }
    }

    /** Whether anything has been written since {@link #begin}. */
    boolean hasWritten() {
        return written;
    }

    // --- what is written

    long append(String runId, long expected, List<JournalEntry> entries) throws SQLException {
        RunHead before = find(runId);
        long next = before == null ? 0 : before.next();
        if (next != expected) {
            throw new StaleAppendException(runId, expected, next);
        }
        if (before == null && nextRunNo > Format.MAX_RUN_NO) {
            throw new JournalFullException(runId, Format.MAX_RUN_NO);
        }
        written = true;
        long runNo = before == null ? nextRunNo++ : before.runNo();
        byte[] hash = before == null ? Chain.START : before.hash();
        long bytes = before == null ? 0 : before.bytes();
        for (JournalEntry entry : entries) {
            hash = add(runNo, runId, entry, hash);
            bytes += entry.payloadSize();
        }
        insertFact.executeBatch();
        JournalEntry last = entries.get(entries.size() - 1);
        long started = before == null ? Format.nanosOf(entries.get(0).timestamp()) : before.started();
        write(before == null ? insertRun : updateRun, runNo, runId, started, last, bytes, hash);
        return next + entries.size();
    }

    /** A copy that cannot be made to its end has written nothing. */
    long copy(String source, long count, String target, List<JournalEntry> entries) throws SQLException {
        RunHead from = find(source);
        long there = from == null ? 0 : from.next();
        if (there < count) {
            throw new StaleAppendException(source, count, there);
        }
        if (from == null || count == 0) {
            return append(target, 0, entries);
        }
        RunHead before = find(target);
        if (before != null) {
            throw new StaleAppendException(target, 0, before.next());
        }
        any.execute("SAVEPOINT copy");
        try {
            long next = copyFacts(from, count, target, entries);
            any.execute("RELEASE copy");
            return next;
        } catch (JournalException damaged) {
            heads.remove(target);
            any.execute("ROLLBACK TO copy");
            any.execute("RELEASE copy");
            throw damaged;
        }
    }

    private long copyFacts(RunHead from, long count, String target, List<JournalEntry> entries) throws SQLException {
        if (nextRunNo > Format.MAX_RUN_NO) {
            throw new JournalFullException(target, Format.MAX_RUN_NO);
        }
        written = true;
        long runNo = nextRunNo++;
        byte[] kept = Chain.START;
        byte[] hash = Chain.START;
        long bytes = 0;
        long started = 0;
        try (PreparedStatement facts = connection.prepareStatement(
                "SELECT id, at, type, payload, hash FROM facts WHERE id BETWEEN ? AND ? ORDER BY id")) {
            facts.setLong(1, Format.firstId(from.runNo()));
            facts.setLong(2, Format.factId(from.runNo(), count - 1));
            try (ResultSet row = facts.executeQuery()) {
                for (long sequence = 0; sequence < count; sequence++) {
                    JournalEntry fact = row.next() ? fact(row, from, sequence, kept) : null;
                    if (fact == null) {
                        throw new JournalCorruptedException(
                                from.runId(), sequence, "it is not what was appended", null);
                    }
                    kept = Bytes.orNone(row.getBytes(5));
                    hash = add(runNo, target, fact, hash);
                    insertFact.executeBatch();
                    bytes += fact.payloadSize();
                    started = sequence == 0 ? Format.nanosOf(fact.timestamp()) : started;
                }
            }
        }
        for (JournalEntry entry : entries) {
            hash = add(runNo, target, entry, hash);
            bytes += entry.payloadSize();
        }
        insertFact.executeBatch();
        JournalEntry last = entries.get(entries.size() - 1);
        write(insertRun, runNo, target, started, last, bytes, hash);
        return count + entries.size();
    }

    /** The fact of a row, or null if it is not the one that was appended. */
    private @Nullable JournalEntry fact(ResultSet row, RunHead run, long sequence, byte[] previous)
            throws SQLException {
        long at = row.getLong(2);
        String type = row.getString(3);
        byte[] payload = Bytes.orNone(row.getBytes(4));
        boolean whole = row.getLong(1) == Format.factId(run.runNo(), sequence)
                && type != null
                && Arrays.equals(
                        Bytes.orNone(row.getBytes(5)), chain.fact(previous, run.runId(), sequence, at, type, payload));
        return whole ? new JournalEntry(sequence, Format.instantOf(at), type, payload) : null;
    }

    /** Adds a fact to those that the next {@code executeBatch} inserts. */
    private byte[] add(long runNo, String runId, JournalEntry entry, byte[] previous) throws SQLException {
        byte[] payload = entry.payload();
        long at = Format.nanosOf(entry.timestamp());
        byte[] hash = chain.fact(previous, runId, entry.sequence(), at, entry.type(), payload);
        insertFact.setLong(1, Format.factId(runNo, entry.sequence()));
        insertFact.setLong(2, at);
        insertFact.setString(3, entry.type());
        insertFact.setBytes(4, payload);
        insertFact.setBytes(5, hash);
        insertFact.addBatch();
        return hash;
    }

    private void write(
            PreparedStatement statement,
            long runNo,
            String runId,
            long started,
            JournalEntry last,
            long bytes,
            byte[] hash)
            throws SQLException {
        long next = last.sequence() + 1;
        long at = Format.nanosOf(last.timestamp());
        byte[] seal = chain.seal(runNo, runId, next, started, at, last.type(), bytes, hash);
        statement.setLong(1, next);
        statement.setLong(2, started);
        statement.setLong(3, at);
        statement.setString(4, last.type());
        statement.setLong(5, bytes);
        statement.setBytes(6, hash);
        statement.setBytes(7, seal);
        statement.setLong(8, runNo);
        statement.setString(9, runId);
        if (statement.executeUpdate() != 1) {
            throw new SQLException("the row of run " + runId + " was not there to be written");
        }
        heads.put(new RunHead(runNo, runId, next, started, at, last.type(), bytes, hash, seal));
    }

    private @Nullable RunHead find(String runId) throws SQLException {
        RunHead known = heads.get(runId);
        if (known == null) {
            known = read(runId);
            if (known != null) {
                heads.put(known);
            }
        }
        return known;
    }

    private @Nullable RunHead read(String runId) throws SQLException {
        head.setString(1, runId);
        try (ResultSet row = head.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            RunHead found = RunHead.of(row);
            if (!found.runId().equals(runId) || !found.isWhole(chain)) {
                throw new JournalCorruptedException(runId, -1, "its row in the list of runs has been altered", null);
            }
            long facts = row.getLong(10) == 0 ? 0 : Format.sequenceOf(row.getLong(10)) + 1;
            if (facts != found.next()) {
                throw new JournalCorruptedException(
                        runId,
                        Math.min(facts, found.next()),
                        "it should have " + found.next() + " facts, the last one there is number " + (facts - 1),
                        null);
            }
            return found;
        }
    }

    /** Whether it was there; also where what is there is not what it was. */
    boolean delete(String runId) throws SQLException {
        heads.remove(runId);
        long runNo;
        head.setString(1, runId);
        try (ResultSet row = head.executeQuery()) {
            if (!row.next()) {
                return false;
            }
            runNo = row.getLong(1);
        }
        written = true;
        deleteFacts.setLong(1, Format.firstId(runNo));
        deleteFacts.setLong(2, Format.lastId(runNo));
        deleteFacts.executeUpdate();
        deleteRun.setLong(1, runNo);
        deleteRun.executeUpdate();
        return true;
    }

    // --- the file

    /** Gives some of the pages that are free back to the file system; false if none is left. */
    boolean shrink(int pages) throws SQLException {
        if (number("PRAGMA freelist_count") == 0) {
            return false;
        }
        any.executeUpdate("PRAGMA incremental_vacuum(" + pages + ")"); // runs to its end, which execute() does not
        return true;
    }

    /** Moves the log into the file as far as nobody reads it. */
    void checkpoint() throws SQLException {
        number("PRAGMA wal_checkpoint(PASSIVE)"); // reads the answer: a statement that is left open keeps commits back
    }

    void limitPages(long most) throws SQLException {
        number("PRAGMA max_page_count = " + most);
    }

    /** What is wrong with the list of runs, or null: table and index are compared, row by row. */
    @Nullable String faultInRuns() {
        try (ResultSet rows = any.executeQuery("PRAGMA integrity_check('runs')")) {
            String first = rows.next() ? rows.getString(1) : "no answer";
            return "ok".equals(first) ? null : first;
        } catch (SQLException damaged) {
            return damaged.getMessage();
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
