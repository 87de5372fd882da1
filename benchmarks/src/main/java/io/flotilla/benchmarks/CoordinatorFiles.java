package io.flotilla.benchmarks;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The two files {@link Coordinator} compares; new ones for each iteration. */
@State(Scope.Benchmark)
public class CoordinatorFiles {

    /** How many runs go on at the same time. */
    @Param({"1", "8", "64", "256"})
    int runs;

    private @Nullable Path folder;
    private @Nullable SqliteJournal journal;
    private @Nullable Workflow<Integer, Integer> workflow;
    private @Nullable FactsByHand byHand;

    @Setup(Level.Iteration)
    public void open(Coordinator.Work work) throws IOException, SQLException {
        Path made = Files.createTempDirectory("coordinator");
        SqliteJournal opened = SqliteJournal.builder(made.resolve("journal.db")).open();
        Workflow<Integer, Integer> recorded = work.coordinator().journal(opened).build();
        folder = made;
        journal = opened;
        workflow = recorded;
        byHand = new FactsByHand(made.resolve("by-hand.db"), appends(recorded, opened));
    }

    /** The last fact of an append has a key that the others have not. */
    private static List<List<JournalEntry>> appends(Workflow<Integer, Integer> workflow, SqliteJournal journal) {
        Run<Integer> run = workflow.start(0);
        run.result().map(RunResult::orThrow).block();
        List<List<JournalEntry>> appends = new ArrayList<>();
        List<JournalEntry> open = new ArrayList<>();
        for (JournalEntry entry : journal.read(run.runId(), 0).toIterable()) {
            open.add(entry);
            if (new String(entry.payload(), StandardCharsets.UTF_8).contains("digestAfter")
                    || entry.type().equals("run-finished")) {
                appends.add(List.copyOf(open));
                open.clear();
            }
        }
        return appends;
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException, SQLException {
        if (journal != null) {
            journal.close().block();
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

    Workflow<Integer, Integer> workflow() {
        return Objects.requireNonNull(workflow);
    }

    FactsByHand byHand() {
        return Objects.requireNonNull(byHand);
    }
}
