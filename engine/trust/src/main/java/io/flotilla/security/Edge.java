package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.util.Objects;

/**
 * A way that messages take: from an agent to another one, to a topic, or to everybody. A capability is for one edge. Immutable.
 *
 * @param from the agent whose messages take it
 * @param kind where it leads to
 * @param target an agent's name, a topic or {@code levels/**}; empty for everybody
 * @since 0.1
 */
public record Edge(AgentId from, Kind kind, String target) {

    /** Where an edge leads to. */
    public enum Kind {
        /** One agent. */
        AGENT,
        /** A topic, or all topics below one. */
        TOPIC,
        /** Everybody: {@link Envelope#toAll}. */
        ALL
    }

    private static final String BELOW = "/**";

    /**
     * Checks the components.
     *
     * @param from the agent whose messages take it
     * @param kind where it leads to
     * @param target where to
     * @throws NullPointerException if a component is null
     * @throws IllegalArgumentException if {@code target} is not one of that kind
     */
    public Edge {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(target, "target");
        switch (Objects.requireNonNull(kind, "kind")) {
            case AGENT -> target = AgentId.of(target).toString();
            case TOPIC -> Envelope.onTopic(top(target), "checked");
            case ALL -> {
                if (!target.isEmpty()) {
                    throw new IllegalArgumentException("target must be empty, was \"" + target + "\"");
                }
            }
        }
    }

    private static String top(String target) {
        return target.endsWith(BELOW) ? target.substring(0, target.length() - BELOW.length()) : target;
    }

    /**
     * The edge between two agents.
     *
     * @param from the sender
     * @param to the recipient
     * @return the edge, in this direction
     * @throws NullPointerException if an argument is null
     */
    public static Edge between(AgentId from, AgentId to) {
        return new Edge(from, Kind.AGENT, Objects.requireNonNull(to, "to").toString());
    }

    /**
     * The edge between two agents.
     *
     * @param from the sender, as {@link AgentId#of(String)} reads it
     * @param to the recipient, likewise
     * @return the edge, in this direction
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if an argument is no name of an agent
     */
    public static Edge between(String from, String to) {
        return between(AgentId.of(from), AgentId.of(to));
    }

    /**
     * The edge from an agent to the subscribers of a topic.
     *
     * @param from who publishes
     * @param topic a topic as in {@link Envelope#onTopic}; {@code weather/**} is all topics below {@code weather}, and itself
     * @return the edge
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code topic} is out of its bounds
     */
    public static Edge onTopic(AgentId from, String topic) {
        return new Edge(from, Kind.TOPIC, topic);
    }

    /**
     * The edge from an agent to everybody at once.
     *
     * @param from the sender
     * @return the edge
     * @throws NullPointerException if {@code from} is null
     */
    public static Edge toAll(AgentId from) {
        return new Edge(from, Kind.ALL, "");
    }

    /** The edge that an envelope takes. */
    static Edge of(Envelope envelope) {
        AgentId recipient = envelope.recipient();
        String topic = envelope.topic();
        return recipient != null
                ? between(envelope.sender(), recipient)
                : topic != null ? onTopic(envelope.sender(), topic) : toAll(envelope.sender());
    }

    /** The same target, from somebody else. */
    Edge from(AgentId other) {
        return new Edge(other, kind, target);
    }

    /**
     * Whether this edge has the other one in it.
     *
     * @param other an edge
     * @return true for the same edge, and for topics below this one's
     * @throws NullPointerException if {@code other} is null
     */
    public boolean covers(Edge other) {
        if (!from.equals(other.from) || kind != other.kind) {
            return false;
        }
        if (target.equals(other.target)) {
            return true;
        }
        if (kind != Kind.TOPIC || !target.endsWith(BELOW)) {
            return false;
        }
        String top = top(target);
        String below = top(other.target);
        return below.equals(top) || below.startsWith(top + "/");
    }

    /** {@code planner -> writer}, {@code sensor -> topic weather/**}, {@code planner -> all}. */
    @Override
    public String toString() {
        return from + " -> "
                + switch (kind) {
                    case AGENT -> target;
                    case TOPIC -> "topic " + target;
                    case ALL -> "all";
                };
    }
}
