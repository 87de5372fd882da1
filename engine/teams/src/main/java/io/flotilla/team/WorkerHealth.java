package io.flotilla.team;

import io.flotilla.AgentId;

/**
 * Says whether a worker may be given a task. A {@link Manager} asks right before it hands one over. {@link
 * io.flotilla.health.HealthMonitor#isUsable(AgentId)} is one: {@code monitor::isUsable}.
 *
 * <p>Called by several threads, never under a lock. It should answer from what is known: a call that throws, or lasts longer
 * than {@link Manager#PATIENCE}, counts as unhealthy.
 *
 * <p>A {@link io.flotilla.health.HealthMonitor} is one, by the checks that have a worker's id or kind for a name: {@code
 * .health(monitor::isUsable)}.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface WorkerHealth {

    /**
     * Whether the worker is healthy now.
     *
     * @param worker the worker's id
     * @return false if it must not be given a task
     */
    boolean isHealthy(AgentId worker);
}
