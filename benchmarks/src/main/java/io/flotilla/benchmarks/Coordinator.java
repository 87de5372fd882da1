package io.flotilla.benchmarks;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What does a step cost through the machine of a run?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Coordinator"</pre>
 *
 * <p>A coordinator forks 10 workers and joins them, a hundred times over: 1,101 steps. Everything of a run is on: checked
 * decisions, joins, events, limits, contexts, the engine's guard and step timeout. The rival is Reactor's {@code expand} with
 * a {@code flatMap} in it, which does the calls and nothing else. {@code inMemory} and {@code sqlite} record every fact first,
 * and delete the run afterwards.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class Coordinator {

    private static final int ROUNDS = 100;
    private static final int WORKERS = 10;

    /** What both do. */
    @State(Scope.Benchmark)
    public static class Work {

        @Param("1101")
        int steps;

        final Workflow<Integer, Integer> workflow = Workflow.builder(
                        Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end"), Integer.class)
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(next(turn))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(Decision.answer(1))))
                .engine(StepEngine.builder().build())
                .build();

        final Journal memory = Journal.inMemory();
        final SqliteJournal file = SqliteJournal.builder(newFile()).open();
        final Workflow<Integer, Integer> inMemory = recorded(memory);
        final Workflow<Integer, Integer> inFile = recorded(file);

        private static Path newFile() {
            try {
                return Files.createTempDirectory("coordinator").resolve("runs.db");
            } catch (IOException noFolder) {
                throw new UncheckedIOException(noFolder);
            }
        }

        private Workflow<Integer, Integer> recorded(Journal journal) {
            return Workflow.builder(workflow.topology(), Integer.class)
                    .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(next(turn))))
                    .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(Decision.answer(1))))
                    .engine(workflow.engine())
                    .journal(journal)
                    .build();
        }

        @TearDown
        public void close() {
            file.close().block();
        }

        final List<Invocation> invocations = Collections.nCopies(WORKERS, Invocation.of("Worker", 1));

        /** The rounds done so far are counted in the steps of the branch: 0 at the first. */
        private int round;

        private Decision next(Turn turn) {
            round = turn.reason() == Turn.Reason.REQUESTED ? 0 : round + 1;
            return round < ROUNDS ? Decision.fanOut(invocations) : Decision.answer(round);
        }
    }

    @Benchmark
    public @Nullable Object flotilla(Work work) {
        return work.workflow
                .run(0)
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block();
    }

    @Benchmark
    public @Nullable Object inMemory(Work work) {
        return recorded(work.inMemory, work.memory);
    }

    @Benchmark
    public @Nullable Object sqlite(Work work) {
        return recorded(work.inFile, work.file);
    }

    private static @Nullable Object recorded(Workflow<Integer, Integer> workflow, Journal journal) {
        Run<Integer> run = workflow.start(0);
        Object answer = run.result()
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block();
        journal.delete(run.runId()).block();
        return answer;
    }

    @Benchmark
    public @Nullable Object expand(Work work) {
        return Mono.just(0)
                .expand(round -> round < ROUNDS
                        ? Flux.fromIterable(work.invocations)
                                .flatMap(invocation -> Mono.just(invocation), WORKERS)
                                .collectList()
                                .map(answers -> round + 1)
                        : Mono.empty())
                .last()
                .block();
    }
}
