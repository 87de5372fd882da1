package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalFilter;
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

    private final Chain chain = new Chain();
    private final JournalFilter filter;
    private @Nullable JournalCorruptedException fault;
    private String after;
    private boolean done;

    ListCursor(JournalFilter filter, @Nullable String faultInRuns) {
        this.filter = filter;
        this.after = filter.after();
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
        try (PreparedStatement list = connection.prepareStatement(
                "SELECT " + RunHead.COLUMNS + " FROM runs WHERE run_id > ? ORDER BY run_id LIMIT ?")) {
            list.setString(1, after);
            list.setInt(2, PAGE_RUNS);
            try (ResultSet row = list.executeQuery()) {
                while (row.next()) {
                    seen++;
                    RunHead head = RunHead.of(row);
                    after = head.runId();
                    if (head.isWhole(chain)) {
                        add(runs, head.summary());
                    } else if (fault == null) {
                        fault = new JournalCorruptedException(
                                head.runId(), -1, "its row in the list of runs has been altered", null);
                    }
                }
            }
        } catch (SQLException unreadable) {
            done = true;
            return new Page<>(
                    runs, new JournalCorruptedException(null, -1, "the list of runs cannot be read", unreadable));
        }
        done = seen < PAGE_RUNS;
        return new Page<>(runs, done ? fault : null);
    }

    private void add(List<RunSummary> runs, RunSummary summary) {
        if (filter.matches(summary)) {
            runs.add(summary);
        }
    }
}
