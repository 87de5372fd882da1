package io.flotilla.journal.runs;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunFilter;
import io.flotilla.run.RunOptions;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
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
import java.util.function.Consumer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A process of its own whose runs have runs nested in them: recovers those there are, and ends when all have ended. */
final class NestedChild {

    static final int RUNS = 2;
    static final int NESTED = 2;

    private NestedChild() {}

    static Process start(Path file, Path sideEffects) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NestedChild.class.getName(),
                        file.toString(),
                        sideEffects.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** A head who has several sums added up, each a run of its own. */
    static Workflow<Long, Long> over(Journal journal, Duration longest, Consumer<String> sideEffect) {
        Agent<Turn, Decision> head = Agent.of(
                "Head",
                (turn, context) -> Mono.fromSupplier(() -> {
                    sideEffect.accept(context.idempotencyKey());
                    if (turn.reason() == Turn.Reason.JOINED) {
                        return Decision.answer(turn.answers(Long.class).stream()
                                .mapToLong(Long::longValue)
                                .sum());
                    }
                    List<Invocation> sums = new ArrayList<>();
                    for (int at = 0; at < NESTED; at++) {
                        sums.add(Invocation.of("Sum", turn.input()));
                    }
                    return Decision.fanOut(sums);
                }));
        return Workflow.builder(Topology.parse("start -> Head\nHead <-> Sum\nHead -> end"), Long.class)
                .name("sums")
                .agent("Head", head)
                .agent("Sum", SumFlow.over(journal, longest, sideEffect))
                .journal(journal)
                .build();
    }

    public static void main(String[] args) throws IOException {
        SqliteJournal journal =
                SqliteJournal.builder(Path.of(args[0])).codec(SumFlow.CODEC).open();
        try (OutputStream sideEffects =
                Files.newOutputStream(Path.of(args[1]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            Workflow<Long, Long> flow = over(journal, Duration.ofMillis(10), key -> write(sideEffects, key + "\n"));
            print("open");
            List<Run<Long>> runs =
                    new ArrayList<>(flow.runs().recoverAll().block().recovered());
            long there =
                    flow.runs().list(RunFilter.all().workflow("sums")).count().block();
            for (long missing = there; missing < RUNS; missing++) {
                runs.add(flow.submit(RunsChild.TASK, RunOptions.ofId("run-" + missing))
                        .block());
            }
            Flux.fromIterable(runs).flatMap(Run::result, RUNS).then().block();
        }
        journal.close().block();
        print("done");
    }

    private static void print(String line) {
        System.out.println(line + " .");
        System.out.flush();
    }

    private static void write(OutputStream to, String line) {
        try {
            to.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
