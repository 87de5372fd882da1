package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;

/**
 * What does it cost to observe a step, beside what Micrometer itself takes?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="ObservedSteps"</pre>
 *
 * <p>{@code flotilla} is a round of steps that end at once. OFF has no registry, NOOP Micrometer's no-op registry, EMPTY a registry without a
 * handler: these three should cost the same. HANDLER has a handler that does nothing, METERS Micrometer's {@link
 * DefaultMeterObservationHandler} over a {@link SimpleMeterRegistry}.
 *
 * <p>There are two rivals, loops by hand over as many observations of the same name and keys, with the same parent and the same handler. {@code
 * scoped} does with Micrometer what the round does: each observation starts in the scope of its parent, without which a span would be a
 * child of whatever the thread has, and the agent is called in the scope of its own observation, as {@code Observation.observe} would call it, without which
 * what an agent observes and logs would not be its. {@code bare} leaves out the second scope, so agents that observe nothing are all it serves. {@code
 * flotilla(x) - flotilla(OFF)} is to be compared with {@code scoped(x)}, since that is the same result; the bound is 1.2 of it. Figures are for
 * one step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3, // they differ by more than the bound leaves
        jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-Xmn1g"})
public class ObservedSteps {

    private static final int STEPS = 1_000;

    /** Who listens. */
    public enum Observed {
        OFF,
        NOOP,
        EMPTY,
        HANDLER,
        METERS
    }

    @Param
    Observed observed = Observed.OFF;

    private List<Agent<Integer, Integer>> agents = List.of();
    private List<AgentId> ids = List.of();
    private StepEngine engine = StepEngine.builder().build();
    private ObservationRegistry registry = ObservationRegistry.NOOP;

    /** In place of a call. */
    Object called = agents;

    @Setup
    public void setUp() {
        agents = new ArrayList<>();
        ids = new ArrayList<>();
        for (int index = 0; index < STEPS; index++) {
            AgentId id = AgentId.of("bench", index);
            ids.add(id);
            agents.add(Agent.of(id, (input, step) -> Mono.just(input)));
        }
        registry = registry();
        engine = observed == Observed.OFF
                ? StepEngine.builder().build()
                : StepEngine.builder().observationRegistry(registry).build();
    }

    private ObservationRegistry registry() {
        if (observed == Observed.OFF || observed == Observed.NOOP) {
            return ObservationRegistry.NOOP;
        }
        ObservationRegistry made = ObservationRegistry.create();
        if (observed == Observed.HANDLER) {
            made.observationConfig().observationHandler((ObservationHandler<Observation.Context>) context -> true);
        } else if (observed == Observed.METERS) {
            made.observationConfig().observationHandler(new DefaultMeterObservationHandler(new SimpleMeterRegistry()));
        }
        return made;
    }

    @Benchmark
    @OperationsPerInvocation(STEPS)
    public Object flotilla() {
        return Objects.requireNonNull(engine.run(agents, 1).block());
    }

    /** What it takes by hand to the same result; it calls no agent through an engine. */
    @Benchmark
    @OperationsPerInvocation(STEPS)
    public Object scoped() {
        return byHand(true);
    }

    /** The same, and what the agent observes has no parent. */
    @Benchmark
    @OperationsPerInvocation(STEPS)
    public Object bare() {
        return byHand(false);
    }

    @SuppressWarnings("try") // the scopes are there to be closed
    private Object byHand(boolean calledInScope) {
        Observation round = Observation.createNotStarted("flotilla.round", registry)
                .highCardinalityKeyValue("run.id", "run")
                .start();
        for (int index = 0; index < STEPS; index++) {
            AgentId id = ids.get(index);
            Observation step = Observation.createNotStarted("flotilla.step", registry)
                    .lowCardinalityKeyValue("agent", id.kind())
                    .highCardinalityKeyValue("step.id", "run/#" + index)
                    .highCardinalityKeyValue("agent.instance", String.valueOf(id.instance()))
                    .parentObservation(round);
            try (Observation.Scope parents = round.openScope()) {
                step.start();
            }
            if (calledInScope) {
                try (Observation.Scope own = step.openScope()) {
                    called = agents.get(index);
                }
            }
            step.lowCardinalityKeyValue("outcome", "succeeded").stop();
        }
        round.lowCardinalityKeyValue("outcome", "completed").stop();
        return round;
    }
}
