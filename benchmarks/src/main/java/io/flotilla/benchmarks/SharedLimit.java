package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.reactor.bulkhead.operator.BulkheadOperator;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
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
 * What does one limit over all rounds cost a step, where a permit is always free and where most steps wait for one?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="SharedLimit"</pre>
 *
 * <p>{@code steps} in all, in {@code rounds} at once. {@code body}: ends at once on the caller's thread, or hops to one of
 * Reactor's parallel threads, so that rounds meet. {@code limit} 100000: nobody waits; 64: all who are beyond wait, except for
 * the semaphore's and the bulkhead's steps, which are refused (they have no queue that does not block). The rivals are under a
 * {@code flatMap} of 256 for each round, as many as the engine's concurrency.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class SharedLimit {

    /** Where the bodies end. */
    public enum Body {
        AT_ONCE,
        HOP
    }

    private record Outcome(Object value) {}

    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused() {
            super("refused", null, false, false);
        }
    }

    @Param("10000")
    int steps;

    @Param({"1", "8", "64"})
    int rounds;

    @Param
    Body body = Body.AT_ONCE;

    @Param({"64", "100000"})
    int limit;

    private final StepContext context = StepContext.detached(AgentId.of("bench"));
    private final Refused refused = new Refused();
    private List<Agent<Integer, Integer>> agents = List.of();
    private StepEngine unlimited = StepEngine.builder().build();
    private StepEngine limited = unlimited;
    private Semaphore semaphore = new Semaphore(1);
    private Bulkhead bulkhead = Bulkhead.ofDefaults("bench");
    private InstrumentedPool<Integer> pool =
            PoolBuilder.from(Mono.just(1)).sizeBetween(0, 1).buildPool();

    @Setup
    public void setUp() {
        Agent<Integer, Integer> agent = body == Body.AT_ONCE
                ? Agent.of("bench", (input, step) -> Mono.just(input))
                : Agent.of("bench", (input, step) -> Mono.just(input).publishOn(Schedulers.parallel()));
        agents = Collections.nCopies(steps / rounds, agent);
        limited = StepEngine.builder().maxInFlight(limit).build();
        semaphore = new Semaphore(limit);
        bulkhead = Bulkhead.of(
                "bench",
                BulkheadConfig.custom()
                        .maxConcurrentCalls(limit)
                        .maxWaitDuration(Duration.ZERO)
                        .build());
        pool = PoolBuilder.from(Mono.just(1)).sizeBetween(0, limit).buildPool();
    }

    @Benchmark
    public Object flotillaWithoutALimit() {
        return rounds(unlimited.run(agents, 1));
    }

    @Benchmark
    public Object flotilla() {
        return rounds(limited.run(agents, 1));
    }

    @Benchmark
    public Object handWrittenWithoutALimit() {
        return rounds(handWritten(UnaryOperator.identity()));
    }

    @Benchmark
    public Object semaphore() {
        return rounds(handWritten(step -> Mono.defer(
                () -> semaphore.tryAcquire() ? step.doFinally(any -> semaphore.release()) : Mono.error(refused))));
    }

    @Benchmark
    public Object resilience4jBulkhead() {
        return rounds(handWritten(step -> step.transformDeferred(BulkheadOperator.of(bulkhead))));
    }

    @Benchmark
    public Object reactorPool() {
        return rounds(handWritten(step -> pool.withPoolable(permit -> step).single()));
    }

    private Mono<?> handWritten(UnaryOperator<Mono<Integer>> limiting) {
        return Flux.fromIterable(agents)
                .flatMap(agent -> limiting.apply(agent.step(1, context))
                        .map(Outcome::new)
                        .onErrorResume(failed -> Mono.just(new Outcome(failed))))
                .collectList();
    }

    private Object rounds(Mono<?> round) {
        return Objects.requireNonNull(
                Flux.range(0, rounds).flatMap(each -> round, rounds).blockLast());
    }
}
