package io.flotilla.topology;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a topology. Immutable.
 *
 * @param kind what sort of fault
 * @param message what is wrong, with the names; without control characters, whatever was read
 * @param where the number, from 1, of the line it stands in, or of the entry in its list where the topology was made from
 *     lists; null where it stands nowhere, as what is missing
 */
public record Fault(Kind kind, String message, @Nullable Integer where) {

    /** The sorts of faults. */
    public enum Kind {
        /** There is no statement at all. */
        EMPTY,
        /** A line that cannot be read: a name or an arrow is missing or misspelled. */
        MALFORMED_LINE,
        /** A name no agent may have. */
        BAD_NAME,
        /** A name that is not among the agents. */
        UNKNOWN_NAME,
        /** A name that stands twice among the agents. */
        DOUBLED_NAME,
        /** No edge leads from start to an agent. */
        NO_START,
        /** An edge that leads into start. */
        INTO_START,
        /** An edge that leads out of end. */
        OUT_OF_END,
        /** An edge from start to end or user, or from user to whom does not ask. */
        MISPLACED_EDGE,
        /** An agent to which no path leads from start. */
        UNREACHABLE,
        /** A rule that does not exist. */
        UNKNOWN_RULE,
        /** A rule with an argument it cannot have. */
        BAD_RULE,
        /** A rule that is given twice. */
        DOUBLED_RULE,
        /** An agent that is to be a rendezvous and {@code pass_through}. */
        CONTRADICTION,
        /** More edges than {@link Topology#MAX_EDGES}. */
        TOO_LARGE
    }

    /**
     * Checks that the two are there.
     *
     * @param kind what sort of fault
     * @param message what is wrong
     * @param where the number of the line or entry, or null
     * @throws NullPointerException if {@code kind} or {@code message} is null
     */
    public Fault {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(message, "message");
    }
}
