package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.run.Join;
import io.flotilla.testkit.SimulatedWorld;
import io.flotilla.testkit.Simulation;
import io.flotilla.testkit.SimulationChaos;
import io.flotilla.testkit.SimulationReport;
import java.time.Duration;
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
 * How long does it take to try a system in a thousand orders?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Simulations"</pre>
 *
 * <p>A step is one seed: a hub with 20 agents is built, five messages are sent to all of them, which answer later, half of the
 * answers is waited for, and the hub is closed, while steps and messages fail, are lost, come twice and late. There is no warm-up, since
 * a test has none: the first iteration is what {@code mvn test} takes, and a thousand seeds are to take less than 20 seconds.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 3)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class Simulations {

    private static final SimulationChaos CHAOS = SimulationChaos.none()
            .fail(0.02)
            .delay(0.1, Duration.ZERO, Duration.ofSeconds(1))
            .lose(0.02)
            .duplicate(0.02)
            .delayMessages(0.2, Duration.ZERO, Duration.ofSeconds(2));

    @Param("20")
    int agents;

    @Param("1000")
    int steps;

    private static Mono<Void> gathered(SimulatedWorld world) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(world.engine().build())
                .faults(world::deliveries)
                .build());
        for (int number = 0; number < world.agents(); number++) {
            hub.join(Agent.<Integer, Integer>of(
                    AgentId.of("agent", number).toString(),
                    (input, context) -> Mono.just(input + 1).delayElement(Duration.ofMillis(input))));
        }
        return Flux.range(0, world.messages())
                .flatMap(
                        message -> hub.gather(
                                Envelope.toAll(message)
                                        .from("agent#" + message % world.agents())
                                        .build(),
                                Join.ratio(0.5).within(Duration.ofSeconds(3)).orProceed()),
                        world.messages())
                .then(hub.close(Duration.ofMinutes(1)))
                .then();
    }

    @Benchmark
    public SimulationReport seeds() {
        SimulationReport report = Simulation.seeded(1)
                .seeds(steps)
                .agents(2, agents)
                .messages(1, 5)
                .chaos(CHAOS)
                .check(Simulations::gathered);
        report.orThrow();
        return report;
    }
}
