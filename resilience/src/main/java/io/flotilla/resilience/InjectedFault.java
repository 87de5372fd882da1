package io.flotilla.resilience;

import io.flotilla.AgentId;

/**
 * A fault that {@link Chaos} has injected. Immutable.
 *
 * @param agentId the agent of the step
 * @param branchPath the branch of the step
 * @param stepNumber the number of the step
 * @param attempt the number of the attempt
 * @param kind the kind of fault
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
