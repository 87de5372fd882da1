package io.flotilla.topology;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An error in a topology. Immutable.
 *
 * @param kind the kind of error
 * @param message what is wrong, with the names; never has control characters
 * @param position the number, from 1, of its line, or of the entry in its list if the topology was built from lists; null
 *     if it has no place, such as something that is missing
 * @since 0.1
 */
public record TopologyError(
        Kind kind, String message, @Nullable Integer position) {

    /** The kinds of errors. */
    public enum Kind {
        /** There is no statement at all. */
        EMPTY,
        /** A line that cannot be read: a name or an arrow is missing or misspelled. */
        MALFORMED_LINE,
        /** A name no agent may have. */
        INVALID_NAME,
        /** A name that is not among the agents. */
        UNKNOWN_NAME,
        /** A name that stands twice among the agents. */
        DUPLICATE_NAME,
        /** No edge leads from start to an agent. */
        NO_START,
        /** An edge that leads into start. */
        EDGE_INTO_START,
        /** An edge that leads out of end. */
        EDGE_OUT_OF_END,
        /** An edge from start to end or user, or from user to whom does not ask. */
        ILLEGAL_EDGE,
        /** An agent to which no path leads from start. */
        UNREACHABLE,
        /** A rule that does not exist. */
        UNKNOWN_RULE,
        /** A rule with an argument it cannot have. */
        INVALID_RULE,
        /** A rule that is given twice. */
        DUPLICATE_RULE,
        /** An agent that is to be a rendezvous and {@code pass_through}. */
        CONFLICT,
        /** More edges than {@link Topology#MAX_EDGES}. */
        TOO_LARGE
    }

    /**
     * Checks for nulls.
     *
     * @param kind the kind of error
     * @param message what is wrong
     * @param position the number of the line or entry, or null
     * @throws NullPointerException if {@code kind} or {@code message} is null
     */
    public TopologyError {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(message, "message");
    }
}
