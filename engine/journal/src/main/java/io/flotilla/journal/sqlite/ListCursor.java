package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.journal.RunSummary;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A place in the list of runs, which is read page by page. Used by one thread after another. */
final class ListCursor {

    private static final int PAGE_RUNS = 256;
    private static final int SHORT_PAGE_RUNS = 16;

    private final Chain chain = new Chain();
    private final JournalFilter filter;
    private @Nullable JournalCorruptedException fault;
    private final int pageRuns;
    private String after;

    /** Where the next page begins if the newest come first: below this number; null if it is not known yet. */
    private @Nullable Long below;

    private boolean done;

    ListCursor(JournalFilter filter, @Nullable String faultInRuns) {
        this.filter = filter;
        this.after = filter.after();
        this.pageRuns = (int) Math.max(SHORT_PAGE_RUNS, Math.min(PAGE_RUNS, filter.limit()));
        this.fault = faultInRuns == null
                ? null
                : new JournalCorruptedException(null, -1, "the list of runs is damaged: " + faultInRuns, null);
    }

    boolean isDone() {
        return done;
    }

    Page<RunSummary> more(Connection connection) {
        List<RunSummary> runs = new ArrayList<>();
        int seen = 0;
        try (PreparedStatement list = statement(connection)) {
            try (ResultSet row = list.executeQuery()) {
                while (row.next()) {
                    seen++;
                    RunHead head = RunHead.of(row);
                    after = head.runId();
                    below = head.runNo();
                    if (head.isWhole(chain)) {
                        add(runs, head.summary());
                    } else if (fault == null) {
                        fault = new JournalCorruptedException(
                                head.runId(), -1, "its row in the list of runs has been altered", null);
                    }
                }
            }
        } catch (RunDeletedException gone) {
            done = true;
            return new Page<>(runs, gone);
        } catch (SQLException unreadable) {
            done = true;
            return new Page<>(
                    runs, new JournalCorruptedException(null, -1, "the list of runs cannot be read", unreadable));
        }
        done = seen < pageRuns;
        return new Page<>(runs, done ? fault : null);
    }

    private PreparedStatement statement(Connection connection) throws SQLException {
        Long from = below;
        if (filter.isNewestFirst() && from == null) {
            from = after.isEmpty() ? Long.MAX_VALUE : numberOf(connection, after);
        }
        PreparedStatement list = connection.prepareStatement("SELECT " + RunHead.COLUMNS + " FROM runs WHERE "
                + (filter.isNewestFirst() ? "run_no < ? ORDER BY run_no DESC" : "run_id > ? ORDER BY run_id")
                + " LIMIT ?");
        if (from != null && filter.isNewestFirst()) {
            list.setLong(1, from);
        } else {
            list.setString(1, after);
        }
        list.setInt(2, pageRuns);
        return list;
    }

    private static long numberOf(Connection connection, String runId) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement("SELECT run_no FROM runs WHERE run_id = ?")) {
            find.setString(1, runId);
            try (ResultSet row = find.executeQuery()) {
                if (!row.next()) {
                    throw new RunDeletedException(runId, 0);
                }
                return row.getLong(1);
            }
        }
    }

    private void add(List<RunSummary> runs, RunSummary summary) {
        if (filter.matches(summary)) {
            runs.add(summary);
        }
    }
}
