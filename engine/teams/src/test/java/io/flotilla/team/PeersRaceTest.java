package io.flotilla.team;

import static io.flotilla.team.VirtualTime.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Owners that die, hang, fail and are partitioned while leases end: a task has one owner at a time, and each ends with a result. */
@Timeout(120)
class PeersRaceTest {

    private static final int TASKS = Integer.getInteger("random.races", 3_000);

    private static final int PEERS = 5;
    private static final Duration BETWEEN_DEATHS = Duration.ofMillis(10);

    private final Map<Integer, AgentId> owners = new ConcurrentHashMap<>();
    private final AtomicInteger doubles = new AtomicInteger();
    private final AtomicInteger started = new AtomicInteger();

    private Mono<Integer> work(AgentId owner, int task, int what) {
        return Mono.defer(() -> {
                    started.incrementAndGet();
                    if (owners.putIfAbsent(task, owner) != null) {
                        doubles.incrementAndGet();
                    }
                    return switch (what) {
                        case 0 -> Mono.<Integer>never();
                        case 1 -> Mono.<Integer>error(new IllegalStateException("boom"));
                        case 2 -> Mono.delay(Duration.ofMillis(2)).thenReturn(task);
                        default -> Mono.just(task);
                    };
                })
                .doOnTerminate(() -> owners.remove(task, owner)) // doFinally comes after the signal
                .doOnCancel(() -> owners.remove(task, owner));
    }

    private Peer<Integer, Integer> join(Peers<Integer, Integer> group, int number, Random random) {
        AgentId id = AgentId.of("peer", number);
        Random own = new Random(random.nextLong());
        return group.join(
                Agent.<Integer, Integer>of(id, (task, context) -> work(id, task, own.nextInt(20))), Bidder.byLoad());
    }

    @Test
    void tasks_ownersDieAndLeasesEnd_neverTwoOwnersAndNoneIsLost() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Hub hub = Hub.create(NetworkOptions.builder()
                .member(MemberOptions.defaults().capacity(64)) // some messages are lost
                .build());
        Peers<Integer, Integer> group = Peers.<Integer, Integer>builder(hub)
                .lease(Duration.ofMillis(20))
                .bidWindow(Duration.ofMillis(200))
                .maxAttempts(4)
                .build();
        Peer<Integer, Integer> client = group.join(
                Agent.<Integer, Integer>of("client", (task, context) -> Mono.empty()),
                (task, owned) -> OptionalDouble.empty());
        Map<Integer, Peer<Integer, Integer>> peers = new ConcurrentHashMap<>();
        for (int number = 0; number < PEERS; number++) {
            peers.put(number, join(group, number, random));
        }
        // As long as there are tasks: some are never done, and are lost only with their owner.
        Disposable deaths = Flux.interval(BETWEEN_DEATHS).subscribe(death -> {
            int number = random.nextInt(PEERS); // it dies with or without a word, and comes back
            Peer<Integer, Integer> dying = peers.remove(number);
            if (random.nextBoolean()) {
                dying.leave().subscribe();
            } else {
                hub.leave(dying.id()).subscribe();
            }
            peers.put(number, join(group, number, random));
        });
        AtomicInteger done = new AtomicInteger();
        Long results = Flux.range(0, TASKS)
                .flatMap(
                        task -> client.offer(task).doOnNext(result -> {
                            if (result.kind() == StepResult.Kind.SUCCEEDED && task.equals(result.value())) {
                                done.incrementAndGet();
                            }
                        }),
                        16)
                .count()
                .doFinally(end -> deaths.dispose())
                .block(SOON.multipliedBy(4));

        assertThat(results).as("seed %s: each task has a result", seed).isEqualTo(TASKS);
        assertThat(doubles)
                .as("seed %s: two owners of a task, of %s starts", seed, started)
                .hasValue(0);
        assertThat(done.get()).as("seed %s: most are done", seed).isGreaterThan(TASKS * 8 / 10);
        group.close().block(SOON);
        assertThat(owners).as("nobody is at anything").isEmpty();
    }
}
