package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.JournalInUseException;
import io.flotilla.journal.RunSummary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A process of its own that has a journal open until it is killed. */
final class Child {

    private static final int RUNS = 16;

    private Child() {}

    static Process start(String what, Path file) {
        try {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx128m",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Child.class.getName(),
                    what,
                    file.toString()));
            return new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    static String line(BufferedReader from) {
        try {
            return String.valueOf(from.readLine());
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[1]);
        PrintStream out = System.out;
        SqliteJournal journal;
        try {
            journal = SqliteJournal.builder(file).open();
        } catch (JournalInUseException inUse) {
            out.println("in use");
            return;
        }
        out.println("open");
        if (args[0].equals("hold")) {
            System.in.read();
            return;
        }
        Map<String, Long> next = journal.list(JournalFilter.all())
                .collectMap(RunSummary::runId, RunSummary::entries)
                .block();
        Flux.range(0, RUNS)
                .flatMap(run -> appendForever(journal, "run-" + run, next.getOrDefault("run-" + run, 0L), out), RUNS)
                .blockLast();
    }

    private static Flux<Long> appendForever(SqliteJournal journal, String runId, long from, PrintStream out) {
        long[] next = {from};
        return Mono.defer(() ->
                        journal.append(runId, next[0], TestFacts.facts(runId, next[0], next[0] + 1 + next[0] % 3)))
                .doOnNext(acknowledged -> {
                    next[0] = acknowledged;
                    synchronized (out) {
                        out.println(runId + " " + acknowledged);
                        out.flush();
                    }
                })
                .repeat();
    }
}
