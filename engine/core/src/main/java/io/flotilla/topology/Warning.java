package io.flotilla.topology;

import java.util.List;
import java.util.Objects;

/**
 * A part of a topology that is legal but may be unintended. Immutable.
 *
 * @param kind the kind of warning
 * @param agents the agents concerned: those of a cycle in the order of the cycle, others in declaration order
 * @param message what was found, with the first of the names
 * @since 0.1
 */
public record Warning(Kind kind, List<String> agents, String message) {

    /** The sorts of warnings. */
    public enum Kind {
        /** Names that differ in upper and lower case only, and so are agents of their own. */
        CONFUSABLE_NAMES,
        /**
         * A cycle from which no path leads to {@code end}: a strongly connected component of more than one agent, or an
         * agent with an edge to itself. It stops only when an agent answers or a limit is exceeded. There is one warning
         * for each component.
         */
        NO_EXIT,
        /**
         * An agent on which everything depends. In a topology of at least four agents it is the only one on all paths
         * from start to end, where the sole successor of start and the sole predecessor of end do not count unless they
         * are one and the same agent. Or it has at least 8 neighbours and more than four times as many as the median of
         * all agents; a neighbour is another agent with an edge to or from it, counted once.
         */
        GOD_AGENT,
        /**
         * A cycle of at least three agents over edges without opposite edges. At most 10 cycles are listed; each has an
         * agent that is in no other listed cycle.
         */
        CIRCULAR_DELEGATION
    }

    /**
     * Copies the list.
     *
     * @param kind the kind of warning
     * @param agents the agents concerned
     * @param message what was found
     * @throws NullPointerException if an argument or an agent is null
     */
    public Warning {
        Objects.requireNonNull(kind, "kind");
        agents = List.copyOf(Objects.requireNonNull(agents, "agents"));
        Objects.requireNonNull(message, "message");
    }
}
