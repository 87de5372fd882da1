package io.flotilla.journal.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rows of the runs that were written last, so that the next append need not read its own and check it again. They count as
 * long as nobody but this connection has written to the file, which SQLite tells. Belongs to the writer's thread.
 */
final class Heads {

    /** A row has up to 400 bytes. */
    private static final int MAX_KEPT = 4_096;

    private final PreparedStatement version;
    private long seenVersion;

    private final Map<String, RunHead> kept = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, RunHead> eldest) {
            return size() > MAX_KEPT;
        }
    };

    Heads(Connection connection) throws SQLException {
        version = connection.prepareStatement("PRAGMA data_version");
        seenVersion = version();
    }

    private long version() throws SQLException {
        try (ResultSet row = version.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /** In a transaction, at its beginning. */
    void refresh() throws SQLException {
        long now = version();
        if (now != seenVersion) {
            kept.clear();
            seenVersion = now;
        }
    }

    @Nullable RunHead get(String runId) {
        return kept.get(runId);
    }

    void put(RunHead written) {
        kept.put(written.runId(), written);
    }

    void remove(String runId) {
        kept.remove(runId);
    }

    /** What was written is not to be. */
    void clear() {
        kept.clear();
    }
}
