package io.flotilla.benchmarks;

import io.flotilla.agent.Agent;
import io.flotilla.team.Manager;
import io.flotilla.team.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolBuilder;

/**
 * How many tasks a second does a manager give to 100 workers, and what does one cost?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Managers"</pre>
 *
 * <p>A step is one task; a worker answers at once, or on another thread. By hand: {@code flatMap} over workers in turns, which neither
 * knows who is busy nor gives a failed task to somebody else, and reactor-pool, which knows who is busy.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Benchmark)
public class Managers {

    private static final int WORKERS = 100;

    @Param("10000")
    int steps;

    @Param({"false", "true"})
    boolean hops;

    private Manager<Integer, Integer> manager = Manager.<Integer, Integer>builder("none")
            .worker(Worker.of(Agent.<Integer, Integer>of("nobody", (task, context) -> Mono.just(task)), "work"))
            .build();
    private final List<Function<Integer, Mono<Integer>>> workers = new ArrayList<>();
    private InstrumentedPool<Function<Integer, Mono<Integer>>> pool =
            PoolBuilder.<Function<Integer, Mono<Integer>>>from(Mono.empty()).buildPool();

    @Setup
    public void setUp() {
        Manager.Builder<Integer, Integer> builder = Manager.builder("desk");
        for (int at = 0; at < WORKERS; at++) {
            Function<Integer, Mono<Integer>> work =
                    hops ? task -> Mono.just(task).publishOn(Schedulers.parallel()) : Mono::just;
            workers.add(work);
            builder.worker(
                    Worker.of(Agent.<Integer, Integer>of("worker#" + at, (task, context) -> work.apply(task)), "work"));
        }
        manager = builder.build();
        AtomicInteger next = new AtomicInteger();
        pool = PoolBuilder.from(Mono.fromSupplier(() -> workers.get(next.getAndIncrement())))
                .sizeBetween(WORKERS, WORKERS)
                .buildPool();
        pool.warmup().block();
    }

    @Benchmark
    public @Nullable Long manager() {
        return Flux.range(0, steps)
                .flatMap(task -> manager.submit(task, "work"), WORKERS)
                .count()
                .block();
    }

    @Benchmark
    public @Nullable Long pool() {
        return Flux.range(0, steps)
                .flatMap(task -> pool.withPoolable(worker -> worker.apply(task)), WORKERS)
                .count()
                .block();
    }

    @Benchmark
    public @Nullable Long inTurns() {
        return Flux.range(0, steps)
                .flatMap(task -> workers.get(task % WORKERS).apply(task), WORKERS)
                .count()
                .block();
    }
}
