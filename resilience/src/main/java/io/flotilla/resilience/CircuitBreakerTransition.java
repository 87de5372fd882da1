package io.flotilla.resilience;

import java.time.Instant;

/**
 * A state transition of a circuit breaker. Immutable.
 *
 * @param key the key of the circuit breaker: the agent's kind, or the result of {@link Resilience.Builder#keyedBy}
 * @param from the state before
 * @param to the state now
 * @param at the time of the transition, on the engine's clock
 * @since 0.1
 */
public record CircuitBreakerTransition(String key, State from, State to, Instant at) {

    /** The states of a circuit breaker. */
    public enum State {
        /** Everything is let through. */
        CLOSED,
        /** Nothing is let through. */
        OPEN,
        /** Some attempts are let through on trial. */
        HALF_OPEN,
        /** Forced open, disabled or only measuring: states that a breaker of a registry handed in may be put into. */
        SPECIAL
    }
}
