package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
 * Does an asynchronous step cost more the more are in flight?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="InFlight"</pre>
 *
 * <p>All {@code steps} are in flight before the first is answered. The rival, {@code flatMap} with the same concurrency,
 * looks at all inner subscribers whenever one ends; a round of 100,000 would take it a minute, so it is not asked for one.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g"})
public class InFlight {

    /** What both have. */
    @State(Scope.Benchmark)
    public abstract static class Round {

        final EventLoop loop = new EventLoop();
        final Agent<Integer, Integer> agent = Agent.of(AgentId.of("bench"), (input, step) -> loop.mono(input));
    }

    /** The engine's round. */
    public static class Fleet extends Round {

        @Param({"1000", "10000", "100000", "1000000"})
        int steps;

        List<Agent<Integer, Integer>> agents = List.of();
        StepEngine engine = StepEngine.builder().build();

        @Setup
        public void setUp() {
            agents = Collections.nCopies(steps, agent);
            engine = StepEngine.builder().concurrency(steps).build();
        }
    }

    /** The rival's round. */
    public static class Rival extends Round {

        @Param({"1000", "10000"})
        int steps;

        List<Agent<Integer, Integer>> agents = List.of();
        final StepContext context = StepContext.detached(AgentId.of("bench"));

        @Setup
        public void setUp() {
            agents = Collections.nCopies(steps, agent);
        }
    }

    @Benchmark
    public Object flotilla(Fleet round) {
        return round.loop.finish(round.engine.run(round.agents, 1));
    }

    @Benchmark
    public Object handWritten(Rival round) {
        return round.loop.finish(Flux.fromIterable(round.agents)
                .flatMap(
                        agent -> agent.step(1, round.context)
                                .<Object>map(value -> value)
                                .onErrorResume(failed -> Mono.just(failed)),
                        round.steps)
                .collectList());
    }
}
