package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.util.concurrent.TimeUnit;
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
 * What does {@code engine.step} alone cost, beside {@code map} and {@code onErrorResume}?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="SingleStep"</pre>
 *
 * <p>{@code alone}: one is subscribed to, as a request handler does. {@code merged}: 1,000 of them under {@code Flux.merge}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class SingleStep {

    /** How the step ends. */
    public enum Kind {
        CALLABLE,
        JUST,
        ASYNC
    }

    private record Outcome(AgentId agent, Object value) {}

    @Param
    Kind kind = Kind.CALLABLE;

    private static final int MERGED = 1_000;

    private final EventLoop loop = new EventLoop();
    private final StepContext context = StepContext.detached(AgentId.of("bench"));
    private final StepEngine engine = StepEngine.builder().build();
    private final Agent<Integer, Integer> agent = Agent.of(AgentId.of("bench"), (input, step) -> switch (kind) {
        case CALLABLE -> Mono.fromCallable(() -> input);
        case JUST -> Mono.just(input);
        case ASYNC -> loop.mono(input);
    });

    private Mono<Outcome> byHand() {
        return agent.step(1, context)
                .map(value -> new Outcome(agent.id(), value))
                .onErrorResume(failed -> Mono.just(new Outcome(agent.id(), failed)));
    }

    @Benchmark
    public Outcome handWrittenAlone() {
        return loop.finish(byHand());
    }

    @Benchmark
    public StepResult<Integer> flotillaAlone() {
        return loop.finish(engine.step(agent, 1));
    }

    @Benchmark
    @org.openjdk.jmh.annotations.OperationsPerInvocation(MERGED)
    public Object handWrittenMerged() {
        return loop.finish(Flux.merge(Flux.range(0, MERGED).map(any -> byHand()), MERGED, 1)
                .collectList());
    }

    @Benchmark
    @org.openjdk.jmh.annotations.OperationsPerInvocation(MERGED)
    public Object flotillaMerged() {
        return loop.finish(Flux.merge(Flux.range(0, MERGED).map(any -> engine.step(agent, 1)), MERGED, 1)
                .collectList());
    }

    /** What a reading of the clock costs on this machine: a step makes two, in a round of many about one. */
    @Benchmark
    public long clock() {
        return System.nanoTime();
    }
}
