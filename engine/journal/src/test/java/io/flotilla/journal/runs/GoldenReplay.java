package io.flotilla.journal.runs;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Workflow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Replays the golden journals of a folder; may be loaded beside another version of the library. */
public final class GoldenReplay {

    private static final Duration SOON = Duration.ofSeconds(30);

    private GoldenReplay() {}

    /** How each of them is, and what has happened last. */
    public static List<String> replayAll(Path folder) {
        List<String> states = new ArrayList<>();
        states.add(replay(folder, "simple", GoldenFlows::simple));
        states.add(replay(folder, "forks", GoldenFlows::forks));
        states.add(replay(folder, "open", journal -> GoldenFlows.open(journal, false)));
        return states;
    }

    private static String replay(Path folder, String name, Function<Journal, Workflow<Object, ?>> flow) {
        SqliteJournal journal = SqliteJournal.builder(folder.resolve(name + ".sqlite"))
                .codec(GoldenFlows.CODEC)
                .open();
        String runId = journal.list(JournalFilter.all())
                .map(RunSummary::runId)
                .single()
                .block(SOON);
        var runs = flow.apply(journal).runs();
        String state = name + " " + runs.replay(runId).block(SOON).status() + " "
                + runs.events(runId)
                        .map(event -> event.getClass().getSimpleName())
                        .collectList()
                        .block(SOON);
        journal.close().block(SOON);
        return state;
    }
}
