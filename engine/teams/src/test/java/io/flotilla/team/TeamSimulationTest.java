package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepEngine;
import io.flotilla.testkit.SimulatedWorld;
import io.flotilla.testkit.Simulation;
import io.flotilla.testkit.SimulationCase;
import io.flotilla.testkit.SimulationChaos;
import io.flotilla.testkit.SimulationRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Managers and peers in simulated worlds: nothing of theirs depends on a thread, a hash code or a clock of the machine. */
@Timeout(60)
class TeamSimulationTest {

    private static final Simulation SIMULATION = Simulation.seeded(11)
            .agents(2, 8)
            .messages(1, 12)
            .chaos(SimulationChaos.none()
                    .fail(0.1)
                    .hang(0.05)
                    .delay(0.3, Duration.ZERO, Duration.ofSeconds(3))
                    .lose(0.02)
                    .delayMessages(0.1, Duration.ZERO, Duration.ofSeconds(1)));

    private static Agent<Integer, Integer> doubler(String kind, int number) {
        return Agent.of(
                AgentId.of(kind, number).toString(),
                (input, context) -> Mono.just(input * 2).delayElement(Duration.ofMillis(10)));
    }

    private static Publisher<?> manager(SimulatedWorld world) {
        Manager.Builder<Integer, Integer> builder = Manager.<Integer, Integer>builder("desk")
                .attemptTimeout(Duration.ofSeconds(5))
                .engine(world.engine().build());
        for (int number = 0; number < world.agents(); number++) {
            builder.worker(Worker.of(doubler("worker", number), "double"));
        }
        Manager<Integer, Integer> manager = builder.build();
        List<Object> ends = new ArrayList<>();
        return Flux.range(1, world.messages())
                .flatMap(
                        task -> manager.submit(task, "double").doOnNext(result -> {
                            world.log(task + " " + result.kind() + " " + result.value() + " by " + result.agentId());
                            ends.add(result.kind());
                        }),
                        world.messages())
                .then(Mono.fromRunnable(() -> {
                    assertThat(ends).hasSize(world.messages());
                    ManagerStats stats = manager.stats();
                    assertThat(stats.accepted()).isEqualTo(stats.completed() + stats.failed());
                }));
    }

    private static Publisher<?> peers(SimulatedWorld world) {
        StepEngine engine = world.engine().build();
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(engine)
                .faults(world::deliveries)
                .build());
        Peers<Integer, Integer> peers = Peers.<Integer, Integer>builder(hub)
                .lease(Duration.ofSeconds(10))
                .engine(engine)
                .build();
        List<Peer<Integer, Integer>> all = new ArrayList<>();
        for (int number = 0; number < world.agents(); number++) {
            all.add(peers.join(doubler("peer", number), Bidder.byLoad()));
        }
        return Flux.range(1, world.messages())
                .flatMap(
                        task -> {
                            all.get(task % all.size()).put("last", task);
                            return all.get(task % all.size())
                                    .offer(task)
                                    .doOnNext(result -> world.log(task + " " + result.kind() + " " + result.value()));
                        },
                        world.messages());
    }

    private static void assertDeterministic(Function<SimulatedWorld, Publisher<?>> check) {
        SIMULATION.seeds(30).check(check).orThrow();
        for (int seed = 100; seed < 110; seed++) {
            SimulationCase one = new SimulationCase(seed, 8, 12, Integer.MAX_VALUE, null);
            SimulationRun first = SIMULATION.replay(one, check);
            assertThat(first.log()).hasSizeGreaterThan(24);
            assertThat(SIMULATION.replay(one, check).log()).isEqualTo(first.log());
        }
    }

    @Test
    void simulation_ofAManager_isTheSameEachTimeAndLosesNoTask() {
        assertDeterministic(TeamSimulationTest::manager);
    }

    @Test
    void simulation_ofPeers_isTheSameEachTime() {
        assertDeterministic(TeamSimulationTest::peers);
    }
}
