package io.flotilla.inspector;

import io.flotilla.AgentId;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Envelope;
import io.flotilla.message.MailboxStats;
import io.flotilla.message.Mesh;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkStats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** Counts who sends to whom, of at most {@value #MAX_EDGES} pairs a network; messages themselves are not kept. Thread-safe. */
final class Networks implements Disposable {

    static final int MAX_EDGES = 10_000;

    private record Edge(AgentId from, AgentId to) {}

    /** A network, and what passes in it. */
    private static final class Watched {

        private final String name;
        private final Network network;
        private final Map<Edge, LongAdder> edges = new ConcurrentHashMap<>();
        private final LongAdder uncounted = new LongAdder();

        Watched(String name, Network network) {
            this.name = name;
            this.network = network;
        }

        void passing(Envelope envelope, AgentId receiver) {
            Edge edge = new Edge(envelope.sender(), receiver);
            LongAdder count = edges.get(edge);
            if (count == null && edges.size() < MAX_EDGES) {
                count = edges.computeIfAbsent(edge, any -> new LongAdder());
            }
            (count == null ? uncounted : count).increment();
        }

        Map<String, @Nullable Object> toMap() {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("name", name);
            form.put("kind", network.getClass().getSimpleName());
            form.put("stats", stats(network.stats()));
            form.put("members", members());
            form.put("links", links());
            form.put("edges", edges());
            form.put("uncounted", uncounted.sum());
            form.put("deadLetters", deadLetters());
            return form;
        }

        private static Map<String, @Nullable Object> stats(NetworkStats stats) {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("members", stats.members());
            form.put("accepted", stats.accepted());
            form.put("delivered", stats.delivered());
            form.put("deadLettered", stats.deadLettered());
            form.put("refused", stats.refused());
            form.put("queued", stats.queued());
            form.put("inFlight", stats.inFlight());
            form.put("pendingRequests", stats.pendingRequests());
            return form;
        }

        private List<Object> members() {
            List<Object> members = new ArrayList<>();
            Map<String, MailboxStats> sorted = new TreeMap<>();
            network.mailboxes().forEach((id, stats) -> sorted.put(id.toString(), stats));
            sorted.forEach((id, stats) -> {
                Map<String, @Nullable Object> form = new LinkedHashMap<>();
                form.put("id", id);
                form.put("queued", stats.queued());
                form.put("inFlight", stats.inFlight());
                form.put("waitingSenders", stats.waitingSenders());
                form.put("accepted", stats.accepted());
                form.put("delivered", stats.delivered());
                form.put("deadLettered", stats.deadLettered());
                form.put("refused", stats.refused());
                members.add(form);
            });
            return members;
        }

        /** Of a mesh who is linked with whom, each pair once; others have none. */
        private List<Object> links() {
            List<Object> links = new ArrayList<>();
            if (network instanceof Mesh mesh) {
                for (AgentId one : mesh.members()) {
                    for (AgentId other : mesh.neighbours(one)) {
                        if (one.toString().compareTo(other.toString()) < 0 && links.size() < MAX_EDGES) {
                            links.add(List.of(one.toString(), other.toString()));
                        }
                    }
                }
            }
            return links;
        }

        /** Why the last messages were not delivered; nothing of what they said. */
        private List<Object> deadLetters() {
            List<Object> letters = new ArrayList<>();
            for (DeadLetter letter : network.deadLetters().recent()) {
                Map<String, @Nullable Object> form = new LinkedHashMap<>();
                form.put("at", letter.at().toString());
                form.put("from", letter.envelope().sender().toString());
                form.put(
                        "to",
                        letter.receiver() == null ? null : letter.receiver().toString());
                form.put(
                        "reason",
                        letter.reason().name().toLowerCase(Locale.ROOT).replace('_', '-'));
                letters.add(form);
            }
            return letters;
        }

        private List<Object> edges() {
            List<Object> all = new ArrayList<>();
            edges.forEach((edge, count) -> {
                Map<String, @Nullable Object> form = new LinkedHashMap<>();
                form.put("from", edge.from().toString());
                form.put("to", edge.to().toString());
                form.put("messages", count.sum());
                all.add(form);
            });
            return all;
        }
    }

    private final List<Watched> all = new ArrayList<>();
    private final Disposable.Composite taps = Disposables.composite();

    Networks(Map<String, Network> networks) {
        networks.forEach((name, network) -> {
            Watched watched = new Watched(name, network);
            all.add(watched);
            taps.add(network.tap(watched::passing));
        });
    }

    Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("networks", all.stream().map(Watched::toMap).toList());
        return form;
    }

    /** Counts no more. */
    @Override
    public void dispose() {
        taps.dispose();
    }
}
