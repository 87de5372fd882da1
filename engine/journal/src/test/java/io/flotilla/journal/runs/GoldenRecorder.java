package io.flotilla.journal.runs;

import io.flotilla.journal.Journal;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Runs;
import io.flotilla.run.Workflow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Function;

/** Records golden journals: {@code main} with the folder of a new version, which must not be there. */
final class GoldenRecorder {

    private GoldenRecorder() {}

    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectory(Path.of(args[0]));
        record(folder, "simple", GoldenFlows::simple, false);
        record(folder, "forks", GoldenFlows::forks, false);
        record(folder, "open", journal -> GoldenFlows.open(journal, false), true);
    }

    private static <O> void record(
            Path folder, String name, Function<Journal, Workflow<Object, O>> flow, boolean unfinished)
            throws IOException {
        Path file = folder.resolve(name + ".sqlite");
        SqliteJournal journal =
                SqliteJournal.builder(file).codec(GoldenFlows.CODEC).open();
        Run<O> run = flow.apply(journal).start("go");
        if (unfinished) {
            run.events().ofType(RunEvent.QuestionAsked.class).blockFirst();
        } else {
            run.result().block();
        }
        journal.close().block();
        journal = SqliteJournal.builder(file).codec(GoldenFlows.CODEC).open();
        write(folder.resolve(name + ".jsonl"), facts(journal, run.runId()));
        write(folder.resolve(name + ".replay"), replay(flow.apply(journal).runs(), run.runId()));
        journal.close().block();
        Files.delete(Path.of(file + ".lock"));
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE_NEW);
    }

    /** One fact a line. */
    static String facts(Journal journal, String runId) {
        StringBuilder lines = new StringBuilder();
        journal.read(runId, 0)
                .doOnNext(entry -> lines.append("{\"sequence\":")
                        .append(entry.sequence())
                        .append(",\"at\":\"")
                        .append(entry.timestamp())
                        .append("\",\"type\":\"")
                        .append(entry.type())
                        .append("\",\"payload\":")
                        .append(new String(entry.payload(), StandardCharsets.UTF_8))
                        .append("}\n"))
                .blockLast();
        return lines.toString();
    }

    /** The state after the last fact, then one event a line. */
    static String replay(Runs<?> runs, String runId) {
        StringBuilder lines = new StringBuilder();
        lines.append(runs.replay(runId).block()).append('\n');
        runs.events(runId).doOnNext(event -> lines.append(event).append('\n')).blockLast();
        return lines.toString();
    }
}
