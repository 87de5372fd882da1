package io.flotilla.run;

import java.time.Instant;

/**
 * A signal that no branch has taken. Its value is not in it. Immutable.
 *
 * @param name its name
 * @param receivedAt when it came, on the engine's clock
 * @since 0.1
 */
public record PendingSignal(String name, Instant receivedAt) {}
