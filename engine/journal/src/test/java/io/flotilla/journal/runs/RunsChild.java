package io.flotilla.journal.runs;

import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Workflow;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;

/** A process of its own that goes on with the runs there are, starts those that are missing, and ends when they have. */
final class RunsChild {

    static final int RUNS = 6;
    static final long TASK = 7;

    private RunsChild() {}

    static Process start(Path file, Path sideEffects) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RunsChild.class.getName(),
                        file.toString(),
                        sideEffects.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) throws IOException {
        SqliteJournal journal =
                SqliteJournal.builder(Path.of(args[0])).codec(SumFlow.CODEC).open();
        try (OutputStream sideEffects =
                Files.newOutputStream(Path.of(args[1]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            Workflow<Long, Long> flow =
                    SumFlow.over(journal, Duration.ofMillis(10), key -> write(sideEffects, key + "\n"));
            print("open");
            long there = journal.list(JournalFilter.all()).count().block();
            List<Run<Long>> runs =
                    new ArrayList<>(flow.runs().recoverAll().block().recovered());
            for (long missing = there; missing < RUNS; missing++) {
                runs.add(flow.start(TASK));
            }
            Flux.fromIterable(runs)
                    .flatMap(
                            run -> run.events()
                                    .doOnNext(event -> told(run.runId(), event))
                                    .then(run.result()),
                            RUNS)
                    .then()
                    .block();
        }
        journal.close().block();
        print("done");
    }

    /** The event is told after the fact is in the journal. */
    private static void told(String runId, RunEvent event) {
        if (event instanceof RunEvent.StepSettled settled) {
            print(key(runId, settled));
        }
    }

    static String key(String runId, RunEvent.StepSettled settled) {
        return runId + settled.branch() + '#' + settled.step();
    }

    private static void print(String line) {
        synchronized (System.out) {
            System.out.println(line + " .");
            System.out.flush();
        }
    }

    /** One write a line: the system keeps it when the process dies. */
    private static void write(OutputStream to, String line) {
        try {
            to.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
