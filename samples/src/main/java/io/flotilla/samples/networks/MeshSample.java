package io.flotilla.samples.networks;

import io.flotilla.AgentId;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Envelope;
import io.flotilla.message.Mesh;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.NetworkStats;
import io.flotilla.message.Undeliverable;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/**
 * A rumour goes around a mesh: who hears it for the first time passes it on to its neighbours. One node breaks down at every
 * message; then the mesh is partitioned, and healed.
 */
public final class MeshSample implements Sample {

    private static final int NODES = 8;
    private static final int HALF = NODES / 2;
    private static final int BROKEN = 3;
    private static final int SHORTCUTS = 2;

    /** Who knows which rumour. */
    private final Map<Object, Set<AgentId>> known = new ConcurrentHashMap<>();

    public static void main(String[] args) {
        Shell.exit(new MeshSample());
    }

    @Override
    public String name() {
        return "mesh";
    }

    private static AgentId node(int number) {
        return AgentId.of("node", number % NODES);
    }

    @Override
    public int run(Settings settings, Output output) {
        known.clear();
        Mesh mesh = Mesh.create(NetworkOptions.builder()
                .hopLimit(NODES)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        IntStream.range(0, NODES).forEach(at -> mesh.join(node(at), envelope -> hear(mesh, node(at), envelope)));
        IntStream.range(0, NODES).forEach(at -> mesh.connect(node(at), node(at + 1)));
        Random random = new Random(settings.seed());
        for (int count = 0; count < SHORTCUTS; count++) {
            int from = random.nextInt(NODES);
            mesh.connect(node(from), node(from + 2 + random.nextInt(NODES - 3)));
        }
        output.line("mesh of %d nodes in a ring with %d shortcuts, seed %d", NODES, SHORTCUTS, settings.seed());
        IntStream.range(0, NODES)
                .forEach(at -> output.line(
                        "  %s - %s",
                        node(at),
                        mesh.neighbours(node(at)).stream()
                                .map(AgentId::toString)
                                .sorted()
                                .collect(Collectors.joining(" "))));

        tell(mesh, "land ahoy");
        output.line("a rumour from %s; %s breaks down whenever it hears one", node(0), node(BROKEN));
        output.line("  known by %s", whoKnows("land ahoy"));
        output.line(
                "  dead letters: %d of %s", mesh.deadLetters().count(DeadLetter.Reason.HANDLER_FAILED), node(BROKEN));

        mesh.partition(
                List.of(IntStream.range(0, HALF).mapToObj(MeshSample::node).toList()));
        tell(mesh, "fog ahead");
        output.line("partitioned: the first %d nodes, and the others", HALF);
        output.line("  known by %s", whoKnows("fog ahead"));
        output.line(
                "  from %s to %s: %s",
                node(HALF - 1),
                node(HALF),
                mesh.offer(Envelope.to(node(HALF), "?").from(node(HALF - 1)).build())
                        .refused());

        mesh.heal();
        tell(mesh, "clear sky");
        output.line("healed");
        output.line("  known by %s", whoKnows("clear sky"));

        mesh.close(Duration.ofSeconds(5)).block();
        NetworkStats stats = mesh.stats();
        output.line(
                "accepted %d = delivered %d + dead letters %d",
                stats.accepted(), stats.delivered(), stats.deadLettered());
        return 0;
    }

    private void tell(Mesh mesh, String rumour) {
        known.put(rumour, ConcurrentHashMap.newKeySet());
        hear(mesh, node(0), Envelope.toAll(rumour).from(node(0)).build()).block();
        Quiet.await(mesh);
    }

    private Mono<?> hear(Mesh mesh, AgentId node, Envelope rumour) {
        if (node.equals(node(BROKEN))) {
            return Mono.error(new IllegalStateException("out of order"));
        }
        if (!known.getOrDefault(rumour.payload(), Set.of()).add(node)) {
            return Mono.empty();
        }
        return mesh.send(Envelope.toAll(rumour.payload())
                .from(node)
                .correlationId(rumour.correlationId())
                .causationId(rumour.id())
                .hops(rumour.hops() + 1)
                .build());
    }

    private String whoKnows(String rumour) {
        return known.getOrDefault(rumour, Set.of()).stream()
                .map(AgentId::toString)
                .sorted()
                .collect(Collectors.joining(" "));
    }
}
