package io.flotilla.journal.sqlite;

import java.time.Instant;

/**
 * What stands in the file.
 *
 * <p>A fact's key is its run's number and its sequence in one integer, so facts lie in one b-tree, run by run, with no index
 * beside it. Instants are nanoseconds since 1970. Both tables are STRICT: what is in them has the type it should have.
 */
final class Format {

    /** "FLOT", at offset 68 of the file. */
    static final int APPLICATION_ID = 0x464C4F54;

    /** At offset 60 of the file. A file with a higher one is refused. */
    static final int VERSION = 1;

    static final String RUNS =
            "CREATE TABLE runs (run_no INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, next INTEGER NOT NULL,"
                    + " started INTEGER NOT NULL, last INTEGER NOT NULL, last_type TEXT NOT NULL,"
                    + " bytes INTEGER NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL) STRICT";

    static final String FACTS = "CREATE TABLE facts (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL,"
            + " payload BLOB NOT NULL, hash BLOB NOT NULL) STRICT";

    /** Runs are numbered below this, so that keys of facts are positive. */
    static final long MAX_RUN_NO = Integer.MAX_VALUE;

    private static final int SEQUENCE_BITS = 32;
    private static final long SEQUENCE_MASK = (1L << SEQUENCE_BITS) - 1;
    private static final long NANOS = 1_000_000_000L;

    private Format() {}

    static long factId(long runNo, long sequence) {
        return runNo << SEQUENCE_BITS | sequence;
    }

    static long firstId(long runNo) {
        return factId(runNo, 0);
    }

    static long lastId(long runNo) {
        return factId(runNo, SEQUENCE_MASK);
    }

    static long runNoOf(long factId) {
        return factId >> SEQUENCE_BITS;
    }

    static long sequenceOf(long factId) {
        return factId & SEQUENCE_MASK;
    }

    /** Does not overflow within the bounds of an entry, also not at the lowest, whose seconds alone would. */
    static long nanosOf(Instant at) {
        long seconds = at.getEpochSecond();
        return seconds < 0 ? (seconds + 1) * NANOS + (at.getNano() - NANOS) : seconds * NANOS + at.getNano();
    }

    static Instant instantOf(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
