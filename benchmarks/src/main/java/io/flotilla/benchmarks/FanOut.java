package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
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

/**
 * What does one round cost a step, beside what one would write by hand?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="FanOut"</pre>
 *
 * <p>{@code steps} is the size of the round. {@code kind}: all steps succeed at once, with {@code Mono.just} or
 * with {@code Mono.fromCallable}; one in a hundred fails; all are answered later by an event loop. Every rival keeps one result a step, as a record.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class FanOut {

    /** How the steps of the round end. */
    public enum Kind {
        SUCCEED,
        CALLABLE,
        FAIL_1_PERCENT,
        ASYNC
    }

    private record Outcome(int index, Object value) {}

    private static final class Boom extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Boom() {
            super("boom", null, false, false);
        }
    }

    @Param({"1", "100", "10000", "100000"})
    int steps;

    @Param
    Kind kind = Kind.SUCCEED;

    private final EventLoop loop = new EventLoop();
    private final StepContext context = StepContext.detached(AgentId.of("bench"));
    private List<Agent<Integer, Integer>> agents = List.of();
    private StepEngine engine = StepEngine.builder().build();
    private StepEngine metered = engine;
    private StepEngine observed = engine;

    @Setup
    public void setUp() {
        agents = new ArrayList<>();
        for (int index = 0; index < steps; index++) {
            agents.add(agent(index));
        }
        engine = StepEngine.builder().build();
        metered = StepEngine.builder().meterRegistry(new SimpleMeterRegistry()).build();
        ObservationRegistry observations = ObservationRegistry.create();
        observations.observationConfig().observationHandler(any -> true);
        observed = StepEngine.builder().observationRegistry(observations).build();
    }

    private Agent<Integer, Integer> agent(int index) {
        AgentId id = AgentId.of("bench", index);
        boolean fails = kind == Kind.FAIL_1_PERCENT && index % 100 == 99;
        return switch (kind) {
            case ASYNC -> Agent.of(id, (input, step) -> loop.mono(input));
            case CALLABLE -> Agent.of(id, (input, step) -> Mono.fromCallable(() -> input));
            case SUCCEED, FAIL_1_PERCENT ->
                fails
                        ? Agent.of(id, (input, step) -> Mono.error(new Boom()))
                        : Agent.of(id, (input, step) -> Mono.just(input));
        };
    }

    @Benchmark
    public Object loop() {
        List<Outcome> outcomes = new ArrayList<>();
        for (int index = 0; index < steps; index++) {
            try {
                if (kind == Kind.FAIL_1_PERCENT && index % 100 == 99) {
                    throw new Boom();
                }
                outcomes.add(new Outcome(index, index));
            } catch (RuntimeException failed) {
                outcomes.add(new Outcome(index, failed));
            }
        }
        return outcomes;
    }

    @Benchmark
    public Object handWritten() {
        return loop.finish(Flux.fromIterable(agents)
                .flatMap(agent -> agent.step(1, context)
                        .map(value -> new Outcome(0, value))
                        .onErrorResume(failed -> Mono.just(new Outcome(0, failed))))
                .collectList());
    }

    @Benchmark
    public Object handWrittenWithTimeout() {
        return loop.finish(Flux.fromIterable(agents)
                .flatMap(agent -> agent.step(1, context)
                        .timeout(Duration.ofSeconds(60))
                        .map(value -> new Outcome(0, value))
                        .onErrorResume(failed -> Mono.just(new Outcome(0, failed))))
                .collectList());
    }

    @Benchmark
    public Object completableFutures() {
        IntFunction<CompletableFuture<Integer>> body = index -> switch (kind) {
            case ASYNC -> loop.future(1);
            case SUCCEED, CALLABLE, FAIL_1_PERCENT ->
                kind == Kind.FAIL_1_PERCENT && index % 100 == 99
                        ? CompletableFuture.failedFuture(new Boom())
                        : CompletableFuture.completedFuture(1);
        };
        List<CompletableFuture<Outcome>> futures = new ArrayList<>();
        for (int index = 0; index < steps; index++) {
            int at = index;
            futures.add(body.apply(index).handle((value, failed) -> new Outcome(at, failed == null ? value : failed)));
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0]));
        loop.run();
        all.join();
        return futures.stream().map(CompletableFuture::join).toList();
    }

    @Benchmark
    public StepReport<Integer> flotilla() {
        return loop.finish(engine.run(agents, 1));
    }

    @Benchmark
    public StepReport<Integer> flotillaWithMeters() {
        return loop.finish(metered.run(agents, 1));
    }

    @Benchmark
    public StepReport<Integer> flotillaWithObservations() {
        return loop.finish(observed.run(agents, 1));
    }
}
