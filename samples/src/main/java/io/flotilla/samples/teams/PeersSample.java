package io.flotilla.samples.teams;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Mesh;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepResult;
import io.flotilla.team.Peer;
import io.flotilla.team.PeerEvent;
import io.flotilla.team.Peers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Five boats without an admiral: each bids for tasks, and one sinks without a word while it has one. Then fog divides them, both
 * sides write the same key, and all agree when it has lifted.
 */
public final class PeersSample implements Sample {

    private static final int BOATS = 5;
    private static final Duration LEASE = Duration.ofSeconds(1);
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration LONGEST = Duration.ofSeconds(30);

    public static void main(String[] args) {
        Shell.exit(new PeersSample());
    }

    @Override
    public String name() {
        return "peers";
    }

    private static AgentId boat(int number) {
        return AgentId.of("boat", number);
    }

    @Override
    public int run(Settings settings, Output output) {
        Random random = new Random(settings.seed());
        Mesh mesh = Mesh.create();
        Peers<String, String> fleet =
                Peers.<String, String>builder(mesh).lease(LEASE).build();
        List<PeerEvent> log = new CopyOnWriteArrayList<>();
        fleet.events().subscribe(log::add);
        List<Peer<String, String>> boats = new ArrayList<>();
        List<Integer> costs = new ArrayList<>();
        AtomicBoolean isStormOver = new AtomicBoolean();
        for (int number = 0; number < BOATS; number++) {
            int cost = 1 + random.nextInt(9);
            costs.add(cost);
            boats.add(fleet.join(sailor(number, isStormOver), (task, owned) -> OptionalDouble.of(cost + 10.0 * owned)));
            for (int other = 0; other < number; other++) {
                mesh.connect(boat(number), boat(other));
            }
        }
        Peer<String, String> first = boats.get(0);
        output.line("%d boats that ask %s for a task, seed %d", BOATS, costs, settings.seed());

        output.line("  fetch water     -> %s", offer(first, "fetch water"));
        List<StepResult<String>> sunk = new CopyOnWriteArrayList<>();
        first.offer("brave the storm").subscribe(sunk::add);
        await(() -> log.stream().filter(PeerEvent.TaskAwarded.class::isInstance).count() == 2);
        AgentId lost = ((PeerEvent.TaskAwarded) log.get(log.size() - 1)).owner();
        mesh.leave(lost).block(); // its mailbox is gone; nobody has been told
        await(() -> !sunk.isEmpty());
        output.line("  brave the storm -> %s sinks without a word, its lease ends", lost);
        output.line("  and again       -> %s", sunk.get(0).value());

        AgentId left = boat(lost.equals(boat(1)) ? 2 : 1);
        mesh.partition(List.of(List.of(boat(0), left)));
        first.put("course", "north");
        Peer<String, String> last = boats.get(lost.equals(boat(4)) ? 3 : 4);
        last.put("course", "south");
        output.line("fog: %s and %s sail %s", boat(0), left, course(boats.get(number(left)), "north"));
        output.line("     the others sail %s", course(last, "south"));
        mesh.heal();
        first.sync();
        await(() -> boats.stream()
                        .filter(each -> !each.id().equals(lost))
                        .map(Peer::state)
                        .distinct()
                        .count()
                == 1);
        output.line(
                "it lifts: all sail %s",
                Objects.requireNonNull(first.get("course")).value());
        await(() -> log.stream().anyMatch(PeerEvent.StateConflict.class::isInstance));
        output.line(
                "the conflict was told: %s",
                log.stream()
                        .filter(PeerEvent.StateConflict.class::isInstance)
                        .map(PeerEvent.StateConflict.class::cast)
                        .map(conflict -> conflict.winner().value() + " over "
                                + conflict.loser().value())
                        .distinct()
                        .toList());
        fleet.close().block();
        return 0;
    }

    private static int number(AgentId boat) {
        return Integer.parseInt(Objects.requireNonNull(boat.instance()));
    }

    /** The first who is to brave the storm is never heard of again; whoever comes after does it. */
    private static Agent<String, String> sailor(int number, AtomicBoolean isStormOver) {
        return Agent.of(
                boat(number),
                (task, context) -> task.equals("brave the storm") && isStormOver.compareAndSet(false, true)
                        ? Mono.never()
                        : Mono.just("done by " + boat(number)));
    }

    private static String offer(Peer<String, String> from, String task) {
        return String.valueOf(Objects.requireNonNull(from.offer(task).block()).value());
    }

    private static Object course(Peer<String, String> boat, String expected) {
        await(() -> {
            var course = boat.get("course");
            return course != null && course.value().equals(expected);
        });
        return expected;
    }

    private static void await(BooleanSupplier condition) {
        Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .takeUntil(tick -> condition.getAsBoolean())
                .blockLast(LONGEST);
    }
}
