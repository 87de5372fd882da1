package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.RunDeletedException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place in a run that is read page by page, each page in a transaction of its own, so that a slow reader keeps nothing in
 * the file from moving on. What must not change meanwhile is known by the run's number and by where it ended at first.
 *
 * <p>Used by one thread after another.
 */
final class RunCursor {

    private static final int PAGE_ENTRIES = 256;
    private static final long PAGE_BYTES = 1024 * 1024;

    private final Chain chain = new Chain();
    private final String runId;
    private final long from;

    /** What is wrong with the list of runs, or null. */
    private final @Nullable String faultInRuns;

    private long runNo;
    private long next;
    private long end;
    private byte[] hash = Chain.START;

    /** The run's row, if it is what was written. */
    private @Nullable RunHead head;

    private boolean done;

    RunCursor(String runId, long from, @Nullable String faultInRuns) {
        this.runId = runId;
        this.from = from;
        this.next = from;
        this.faultInRuns = faultInRuns;
    }

    boolean isDone() {
        return done;
    }

    /** The first page sees where the run ends; it is asked for at subscription. */
    Page<JournalEntry> first(Connection connection) throws SQLException {
        return inTransaction(connection, this::start);
    }

    Page<JournalEntry> more(Connection connection) throws SQLException {
        return inTransaction(connection, this::page);
    }

    @FunctionalInterface
    private interface Look {
        Page<JournalEntry> at(Connection connection) throws SQLException;
    }

    private Page<JournalEntry> inTransaction(Connection connection, Look look) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN");
            Page<JournalEntry> page = look.at(connection);
            statement.execute("COMMIT");
            return page;
        } catch (SQLException failed) {
            done = true;
            throw new JournalCorruptedException(runId, next, "it cannot be read", failed);
        }
    }

    private Page<JournalEntry> start(Connection connection) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement("SELECT " + RunHead.COLUMNS
                + ", (SELECT max(id) FROM facts WHERE id BETWEEN r.run_no << 32 AND (r.run_no << 32) + 4294967295)"
                + " FROM runs r WHERE run_id = ?")) {
            find.setString(1, runId);
            try (ResultSet row = find.executeQuery()) {
                if (!row.next()) {
                    return faultInRuns == null
                            ? last(List.of(), null)
                            : last(
                                    List.of(),
                                    corrupted(-1, "it is not found, but the list of runs is damaged: " + faultInRuns));
                }
                RunHead found = RunHead.of(row);
                runNo = found.runNo();
                head = found.runId().equals(runId) && found.isWhole(chain) ? found : null;
                // Without the row's word for it, the run ends where its facts do.
                end = head != null ? head.next() : row.getLong(10) == 0 ? 0 : Format.sequenceOf(row.getLong(10)) + 1;
            }
        }
        if (from > 0 && from < end) {
            byte[] before = hashAt(connection, from - 1);
            if (before == null) {
                return last(List.of(), corrupted(firstFault(connection, from - 1), "missing"));
            }
            hash = before;
        }
        return page(connection);
    }

    private byte @Nullable [] hashAt(Connection connection, long sequence) throws SQLException {
        try (PreparedStatement fact = connection.prepareStatement("SELECT hash FROM facts WHERE id = ?")) {
            fact.setLong(1, Format.factId(runNo, sequence));
            try (ResultSet row = fact.executeQuery()) {
                return row.next() ? Bytes.orNone(row.getBytes(1)) : null;
            }
        }
    }

    private Page<JournalEntry> page(Connection connection) throws SQLException {
        List<JournalEntry> entries = new ArrayList<>();
        try (PreparedStatement facts = connection.prepareStatement(
                "SELECT id, at, type, payload, hash FROM facts WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?")) {
            facts.setLong(1, Format.factId(runNo, next));
            facts.setLong(2, Format.firstId(runNo) + end - 1);
            facts.setInt(3, PAGE_ENTRIES);
            long bytes = 0;
            try (ResultSet row = next < end ? facts.executeQuery() : null) {
                while (row != null && bytes < PAGE_BYTES && row.next()) {
                    JournalEntry entry = checked(row);
                    if (entry == null) {
                        return last(entries, corrupted(firstFault(connection, next), "it is not what was appended"));
                    }
                    entries.add(entry);
                    bytes += entry.payloadSize();
                    next++;
                }
            }
        } catch (SQLException unreadable) {
            return last(entries, new JournalCorruptedException(runId, next, "it cannot be read", unreadable));
        }
        if (next < end && entries.isEmpty()) {
            return last(
                    entries,
                    isThere(connection) ? corrupted(next, "it is missing") : new RunDeletedException(runId, next));
        }
        return next < end ? new Page<>(entries, null) : last(entries, faultAtEnd());
    }

    /** The entry of that row, or null if it is not the one that should be there. */
    private @Nullable JournalEntry checked(ResultSet row) throws SQLException {
        if (row.getLong(1) != Format.factId(runNo, next)) {
            return null;
        }
        long at = row.getLong(2);
        String type = row.getString(3);
        byte[] payload = Bytes.orNone(row.getBytes(4));
        byte[] kept = Bytes.orNone(row.getBytes(5));
        if (type == null || !Arrays.equals(kept, chain.fact(hash, runId, next, at, type, payload))) {
            return null;
        }
        hash = kept;
        return new JournalEntry(next, Format.instantOf(at), type, payload);
    }

    private @Nullable Throwable faultAtEnd() {
        if (head == null) {
            return corrupted(-1, "its row in the list of runs has been altered");
        }
        // Facts that were asked for from behind the end on have not been looked at.
        return from >= end || Arrays.equals(hash, head.hash())
                ? null
                : corrupted(end - 1, "it is not the one the run ended with");
    }

    /** A read that begins in the middle trusts the hash in front of it; if that was wrong, the fault is further up. */
    private long firstFault(Connection connection, long seen) throws SQLException {
        if (from == 0) {
            return seen;
        }
        RunCursor whole = new RunCursor(runId, 0, null);
        whole.runNo = runNo;
        whole.end = seen + 1;
        while (!whole.done) {
            Page<JournalEntry> page = whole.page(connection);
            if (page.error() instanceof JournalCorruptedException fault && fault.sequence() >= 0) {
                return fault.sequence();
            }
        }
        return seen;
    }

    private boolean isThere(Connection connection) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement("SELECT 1 FROM runs WHERE run_no = ?")) {
            find.setLong(1, runNo);
            try (ResultSet row = find.executeQuery()) {
                return row.next();
            }
        }
    }

    private Page<JournalEntry> last(List<JournalEntry> entries, @Nullable Throwable error) {
        done = true;
        return new Page<>(entries, error);
    }

    private JournalCorruptedException corrupted(long sequence, String what) {
        return new JournalCorruptedException(runId, sequence, what, null);
    }
}
