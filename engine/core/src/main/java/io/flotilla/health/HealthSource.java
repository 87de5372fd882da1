package io.flotilla.health;

import java.util.List;

/**
 * Something that has checks of its own to offer: circuit breakers, mailboxes, pools. {@link HealthMonitor.Builder#source} takes
 * them over. Implementations are thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface HealthSource {

    /**
     * Its checks, whose names should tell whose they are.
     *
     * @return the checks; asked once, when the monitor is built
     */
    List<HealthCheck> healthChecks();
}
