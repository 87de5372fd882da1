package io.flotilla.benchmarks;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What does a step cost through the machine of a run, and what does journaling add?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Coordinator"</pre>
 *
 * <p>A coordinator forks 10 workers and joins them, a hundred times over: 1,101 steps. Everything of a run is on: checked
 * decisions, joins, events, limits, contexts, the engine's guard and step timeout. The rival is Reactor's {@code expand} with
 * a {@code flatMap} in it, which makes the calls and nothing else: {@code flatMap} takes the value of a {@code Mono.just} without
 * subscribing. {@code expandGuarded} subscribes to a {@code Mono.fromCallable} for each call, as the run has it, guarded with
 * {@code map} and {@code onErrorResume} as one writes it by hand. {@code inMemory} records every fact in {@code
 * Journal.inMemory()} first, and deletes the run afterwards.
 *
 * <p>{@code sqlite} records the same run in a {@code SqliteJournal}; {@code runs} is how many go on at the same time. Its rival
 * {@code sqliteByHand} puts the same bytes into a file of SQLite with prepared statements, on the thread that measures: the same
 * types, instants and payloads, a hash's 32 bytes, and the row of the run. One commit has what an append of <em>every</em> run
 * has, so there are as many commits as one run has appends, however many runs there are: the fewest there can be, which only one
 * who knows all runs beforehand gets. It makes no payloads and computes no hashes.
 *
 * <p>SQLite writes into the folder for temporary files; on one in memory it measures nothing. {@code -Djava.io.tmpdir=...} in
 * {@code -jvmArgsAppend} is another one.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class Coordinator {

    private static final int ROUNDS = 100;
    private static final int WORKERS = 10;

    /** What all do. */
    @State(Scope.Benchmark)
    public static class Work {

        @Param("1101")
        int steps;

        final StepEngine engine = StepEngine.builder().build();
        final Workflow<Integer, Integer> workflow = coordinator().build();
        final Journal memory = Journal.inMemory();
        final Workflow<Integer, Integer> inMemory =
                coordinator().journal(memory).build();

        /** What the coordinator decides in each round. */
        final List<List<Invocation>> invocations = IntStream.range(0, ROUNDS)
                .mapToObj(round -> Collections.nCopies(WORKERS, Invocation.of("Worker", round)))
                .toList();

        Workflow.Builder<Integer> coordinator() {
            return Workflow.builder(Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end"), Integer.class)
                    .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.fromCallable(() -> next(turn))))
                    .agent(
                            "Worker",
                            Agent.of(
                                    "Worker",
                                    (turn, context) -> Mono.fromCallable(() -> Decision.answer(turn.input()))))
                    .engine(engine);
        }

        private Decision next(Turn turn) {
            int round = turn.reason() == Turn.Reason.REQUESTED
                    ? 0
                    : turn.answers(Integer.class).get(0) + 1;
            return round < ROUNDS ? Decision.fanOut(invocations.get(round)) : Decision.answer(round);
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
        Run<Integer> run = work.inMemory.start(0);
        Object answer = run.result()
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block();
        work.memory.delete(run.runId()).block();
        return answer;
    }

    @Benchmark
    public @Nullable Object sqlite(CoordinatorFiles files) {
        return Flux.range(0, files.runs)
                .flatMap(run -> files.workflow().run(0).map(RunResult::orThrow), files.runs)
                .blockLast();
    }

    @Benchmark
    public long sqliteByHand(CoordinatorFiles files) throws SQLException {
        return files.byHand().write(files.runs);
    }

    @Benchmark
    public @Nullable Object expand(Work work) {
        return Mono.just(0)
                .expand(round -> round < ROUNDS
                        ? Flux.fromIterable(work.invocations.get(round))
                                .flatMap(invocation -> Mono.just(invocation), WORKERS)
                                .collectList()
                                .map(answers -> round + 1)
                        : Mono.empty())
                .last()
                .block();
    }

    private record Called(Object value) {}

    @Benchmark
    public @Nullable Object expandGuarded(Work work) {
        return Mono.just(0)
                .expand(round -> guarded(() -> round < ROUNDS ? work.invocations.get(round) : List.<Invocation>of())
                        .filter(forked -> forked.value() instanceof List<?> workers && !workers.isEmpty())
                        .flatMapIterable(forked -> (List<?>) forked.value())
                        .flatMap(invocation -> guarded(() -> invocation), WORKERS)
                        .collectList()
                        .filter(answers -> !answers.isEmpty())
                        .map(answers -> round + 1))
                .last()
                .block();
    }

    private static Mono<Called> guarded(Callable<Object> body) {
        return Mono.fromCallable(body).map(Called::new).onErrorResume(failed -> Mono.just(new Called(failed)));
    }
}
