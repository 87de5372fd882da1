package io.flotilla.resilience;

import io.flotilla.AgentId;

/**
 * A fault that {@link Chaos} has injected. Immutable.
 *
 * @param agentId whose step it was
 * @param branchPath on which branch
 * @param stepNumber which step
 * @param attempt which attempt
 * @param kind what was done
 * @since 0.1
 */
public record InjectedFault(AgentId agentId, String branchPath, long stepNumber, int attempt, Kind kind) {

    /** What can be done to an attempt. */
    public enum Kind {
        /** The body throws a {@link ChaosException} instead of returning a {@code Mono}. */
        THROW,
        /** The body signals a {@link ChaosException}. */
        FAIL,
        /** The body never ends. */
        HANG,
        /** The body starts later. */
        DELAY,
        /** The body completes without a value. */
        EMPTY,
        /** The body's value is changed. */
        MALFORMED,
        /** The body ends with a {@link java.util.concurrent.CancellationException}. */
        CANCEL
    }
}
