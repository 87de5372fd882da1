package io.flotilla.run;

import org.jspecify.annotations.Nullable;

/**
 * A branch that has come to a rendezvous. Immutable, as far as the value is.
 *
 * @param agent the agent that handed over; of a fork's branch that was sent here directly, the agent that forked
 * @param branch which branch
 * @param value what it brought; may be null
 * @since 0.1
 */
public record Arrival(
        String agent, BranchPath branch, @Nullable Object value) {}
