package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who may send to whom: one capability for each edge. What is not granted is denied.
 *
 * <pre>{@code
 * Capabilities capabilities = Capabilities.create()
 *         .grant(Edge.between("planner", "writer"))
 *         .grant(Edge.onTopic(AgentId.of("sensor"), "weather/**"));
 * }</pre>
 *
 * <p>An agent hands its own on with {@link Signer#delegate}. Revoking a capability revokes what was delegated of it.
 *
 * <p>An answer to a request needs none: it is delivered only to who asked, and only if its sender was asked.
 *
 * <p>Thread-safe; changes hold from the next message on.
 *
 * @since 0.1
 */
public final class Capabilities {

    /** By the agent, its edges and when each ends. */
    private final Map<AgentId, Map<Edge, Instant>> granted = new ConcurrentHashMap<>();

    private Capabilities() {}

    /**
     * Nobody may send anything.
     *
     * @return without capabilities
     */
    public static Capabilities create() {
        return new Capabilities();
    }

    /**
     * Grants an edge to the agent at its beginning, until it is revoked.
     *
     * @param edge what it may use
     * @return this
     * @throws NullPointerException if {@code edge} is null
     */
    public Capabilities grant(Edge edge) {
        return grant(edge, Instant.MAX);
    }

    /**
     * Grants an edge to the agent at its beginning. Replaces an earlier grant of the same edge.
     *
     * @param edge what it may use
     * @param until the first instant at which it may not
     * @return this
     * @throws NullPointerException if an argument is null
     */
    public Capabilities grant(Edge edge, Instant until) {
        Objects.requireNonNull(until, "until");
        granted.computeIfAbsent(edge.from(), any -> new ConcurrentHashMap<>()).put(edge, until);
        return this;
    }

    /**
     * Takes a granted edge back, and whatever was delegated of it.
     *
     * @param edge as it was granted
     * @return false if it was not
     * @throws NullPointerException if {@code edge} is null
     */
    public boolean revoke(Edge edge) {
        Map<Edge, Instant> own = granted.get(edge.from());
        return own != null && own.remove(edge) != null;
    }

    /**
     * Whether an edge may be used.
     *
     * @param edge an edge
     * @param now the instant
     * @return true if a granted edge that has not ended covers it
     * @throws NullPointerException if an argument is null
     */
    public boolean permits(Edge edge, Instant now) {
        Map<Edge, Instant> own = granted.getOrDefault(edge.from(), Map.of());
        Instant until = own.get(edge);
        if (until != null && now.isBefore(until)) {
            return true;
        }
        return edge.kind() == Edge.Kind.TOPIC
                && own.entrySet().stream()
                        .anyMatch(each -> each.getKey().covers(edge) && now.isBefore(each.getValue()));
    }

    /**
     * The granted edges.
     *
     * @return a copy
     */
    public List<Edge> granted() {
        List<Edge> edges = new ArrayList<>();
        granted.values().forEach(own -> edges.addAll(own.keySet()));
        return edges;
    }

    /** The number of granted edges. */
    @Override
    public String toString() {
        return "Capabilities[" + granted().size() + " edges]";
    }
}
