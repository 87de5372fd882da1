package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * What does a step cost whose body runs on another thread?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Hop"</pre>
 *
 * <p>Every body hops to {@code Schedulers.parallel()} and answers there, so results come from as many threads as there are
 * cores while others are still being started.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class Hop {

    private record Outcome(AgentId agent, Object value) {}

    @Param("10000")
    int steps;

    private final StepContext context = StepContext.detached(AgentId.of("bench"));
    private final StepEngine engine = StepEngine.builder().build();
    private List<Agent<Integer, Integer>> agents = List.of();

    @Setup
    public void setUp() {
        Agent<Integer, Integer> agent = Agent.of(
                AgentId.of("bench"),
                (input, step) -> Mono.fromCallable(() -> input).subscribeOn(Schedulers.parallel()));
        agents = Collections.nCopies(steps, agent);
    }

    @Benchmark
    public @Nullable List<Outcome> handWritten() {
        return Flux.fromIterable(agents)
                .flatMap(agent -> agent.step(1, context)
                        .map(value -> new Outcome(agent.id(), value))
                        .onErrorResume(failed -> Mono.just(new Outcome(agent.id(), failed))))
                .collectList()
                .block();
    }

    @Benchmark
    public @Nullable StepReport<Integer> flotilla() {
        return engine.run(agents, 1).block();
    }
}
