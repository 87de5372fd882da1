package io.flotilla.journal.sqlite;

import io.flotilla.journal.RunSummary;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * The row of a run: how many facts it has, and the hash of the last one, which stands for all of them.
 *
 * @param runNo its number in the file, never used again while the journal is open
 * @param runId its id
 * @param next its next sequence
 * @param started when its first fact happened, in nanoseconds
 * @param last when its last fact happened, in nanoseconds
 * @param lastType of what type its last fact is
 * @param bytes the size of all payloads
 * @param hash the hash of its last fact
 * @param seal the hash of all the above
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
record RunHead(
        long runNo,
        String runId,
        long next,
        long started,
        long last,
        String lastType,
        long bytes,
        byte[] hash,
        byte[] seal) {

    static final String COLUMNS = "run_no, run_id, next, started, last, last_type, bytes, hash, seal";

    static RunHead of(ResultSet row) throws SQLException {
        return new RunHead(
                row.getLong(1),
                text(row.getString(2)),
                row.getLong(3),
                row.getLong(4),
                row.getLong(5),
                text(row.getString(6)),
                row.getLong(7),
                Bytes.orNone(row.getBytes(8)),
                Bytes.orNone(row.getBytes(9)));
    }

    private static String text(@org.jspecify.annotations.Nullable String value) {
        return value == null ? "" : value;
    }

    /** Whether the row is what was written. */
    boolean isWhole(Chain chain) {
        return Arrays.equals(seal, chain.seal(runNo, runId, next, started, last, lastType, bytes, hash));
    }

    RunSummary summary() {
        return new RunSummary(runId, next, Format.instantOf(started), Format.instantOf(last), lastType, bytes);
    }
}
