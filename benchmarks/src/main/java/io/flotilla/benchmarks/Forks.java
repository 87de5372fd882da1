package io.flotilla.benchmarks;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
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

/**
 * Does a branch cost more the wider the fork is?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Forks"</pre>
 *
 * <p>One fork, all of whose branches answer ({@code joined}), or meet at a rendezvous ({@code met}). The rival only calls
 * and collects.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms8g", "-Xmx8g", "-Xmn6g", "-XX:+AlwaysPreTouch"})
public class Forks {

    /** A fork of many. */
    @State(Scope.Benchmark)
    public static class Wide {

        @Param({"1000", "10000", "100000"})
        int steps;

        List<Invocation> invocations = List.of();

        @Setup
        public void setUp() {
            invocations = Collections.nCopies(steps, Invocation.of("Worker", 1));
        }

        final Workflow<Integer, Integer> joined = Workflow.builder(
                        Topology.parse("start -> Boss\nBoss <-> Worker"), Integer.class)
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(fork(turn))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(Decision.answer(1))))
                .build();

        final Workflow<Integer, Integer> met = Workflow.builder(Topology.parse("""
                                start -> Boss
                                Boss -> Worker -> Writer -> end
                                Boss -> Checker -> Writer
                                """), Integer.class)
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(fork(turn))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(Decision.handOff("Writer", 1))))
                .agent("Checker", Agent.of("Checker", (turn, context) -> Mono.just(Decision.handOff("Writer", 1))))
                .agent(
                        "Writer",
                        Agent.of(
                                "Writer",
                                (turn, context) -> Mono.just(
                                        Decision.handOff("end", turn.arrivals().size()))))
                .build();

        private Decision fork(Turn turn) {
            return turn.reason() == Turn.Reason.REQUESTED
                    ? Decision.fanOut(invocations)
                    : Decision.answer(turn.outcomes().size());
        }
    }

    @Benchmark
    public @Nullable Object joined(Wide wide) {
        return wide.joined
                .run(0)
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block();
    }

    @Benchmark
    public @Nullable Object met(Wide wide) {
        return wide.met
                .run(0)
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block();
    }

    @Benchmark
    public @Nullable Object flatMap(Wide wide) {
        return Flux.fromIterable(wide.invocations)
                .flatMap(invocation -> Mono.just(invocation), 256)
                .collectList()
                .map(List::size)
                .block();
    }
}
