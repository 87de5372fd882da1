package io.flotilla.journal.runs;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Compensation;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A process of its own whose runs book a lot, in themselves and in runs nested in them, fail, and undo it all. What it does outside
 * goes into a file, a line each: "do KEY", "undo KEY".
 */
final class UndoChild {

    static final int RUNS = 2;
    static final int BOOKINGS = 6;
    static final int NESTED = 2;
    private static final Topology OUTER = Topology.parse("start -> Lead\nLead <-> Book, Trip\nLead -> end");
    private static final Topology INNER = Topology.parse("start -> Lead\nLead <-> Book\nLead -> end");

    private UndoChild() {}

    static Process start(Path file, Path sideEffects) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        UndoChild.class.getName(),
                        file.toString(),
                        sideEffects.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /**
     * Books, and has booked by two nested runs, of which the first succeeds and is undone as one step, while the other fails, undoes
     * what is its own, and with that ends the run.
     */
    static Workflow<Long, Long> over(Journal journal, Duration longest, Consumer<String> sideEffect) {
        return Workflow.builder(OUTER, Long.class)
                .name("outer")
                .agent(
                        "Lead",
                        Agent.<Turn, Decision>of(
                                "Lead",
                                (turn, context) -> Mono.just(
                                        turn.outcomes().isEmpty()
                                                ? Decision.fanOut(bookings(Invocation.of("Trip", 0L)))
                                                : context.stepNumber() == 1
                                                        ? Decision.fanOut(Invocation.of("Trip", 1L))
                                                        : Decision.answer(0L))))
                .agent("Book", booking(longest, sideEffect))
                .agent("Trip", inner(journal, longest, sideEffect))
                .compensate("Book", undoing(longest, sideEffect))
                .compensate("Trip", undoing(longest, sideEffect))
                .journal(journal)
                .build();
    }

    static Workflow<Long, Long> inner(Journal journal, Duration longest, Consumer<String> sideEffect) {
        return Workflow.builder(INNER, Long.class)
                .name("inner")
                .agent(
                        "Lead",
                        Agent.<Turn, Decision>of(
                                "Lead",
                                (turn, context) -> Mono.just(
                                        turn.outcomes().isEmpty()
                                                ? Decision.fanOut(bookings(Invocation.of("Book", turn.input())))
                                                : turn.answers(Long.class).contains(1L)
                                                        ? Decision.fail("sold out")
                                                        : Decision.handOff("end", 0L))))
                .agent("Book", booking(longest, sideEffect))
                .compensate("Book", undoing(longest, sideEffect))
                .journal(journal)
                .build();
    }

    private static List<Invocation> bookings(Invocation last) {
        List<Invocation> all = new ArrayList<>();
        for (int booking = 0; booking < BOOKINGS; booking++) {
            all.add(Invocation.of("Book", 0L));
        }
        all.add(last);
        return all;
    }

    private static Agent<Turn, Decision> booking(Duration longest, Consumer<String> sideEffect) {
        return Agent.of(
                "Book",
                (turn, context) -> outside(longest, sideEffect, "do " + context.idempotencyKey())
                        .thenReturn(Decision.answer(turn.input())));
    }

    private static Compensation undoing(Duration longest, Consumer<String> sideEffect) {
        return (step, context) ->
                outside(longest, sideEffect, "undo " + step.idempotencyKey()).thenReturn(key(context));
    }

    private static String key(StepContext context) {
        return context.idempotencyKey();
    }

    /** Is done at a random moment, and known to be at another. */
    private static Mono<Void> outside(Duration longest, Consumer<String> sideEffect, String line) {
        return later(longest)
                .then(Mono.fromRunnable(() -> sideEffect.accept(line)))
                .then(later(longest));
    }

    private static Mono<Void> later(Duration longest) {
        return longest.isZero()
                ? Mono.empty()
                : Mono.delay(Duration.ofNanos(ThreadLocalRandom.current().nextLong(longest.toNanos())))
                        .then();
    }

    public static void main(String[] args) throws IOException {
        SqliteJournal journal = SqliteJournal.builder(Path.of(args[0])).open();
        try (OutputStream sideEffects =
                Files.newOutputStream(Path.of(args[1]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            AtomicBoolean isUndoing = new AtomicBoolean();
            Workflow<Long, Long> flow = over(journal, Duration.ofMillis(12), line -> {
                write(sideEffects, line + "\n");
                if (line.startsWith("undo ") && isUndoing.compareAndSet(false, true)) {
                    print("undo");
                }
            });
            print("open");
            List<Run<Long>> runs =
                    new ArrayList<>(flow.runs().recoverAll().block().recovered());
            long there =
                    flow.runs().list(RunFilter.all().workflow("outer")).count().block();
            for (long missing = there; missing < RUNS; missing++) {
                runs.add(flow.submit(missing, RunOptions.ofId("run-" + missing)).block());
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
