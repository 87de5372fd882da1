package io.flotilla.team;

import io.flotilla.AgentId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What happens to the workers of a manager. Immutable.
 *
 * @since 0.1
 */
public sealed interface ManagerEvent {

    /**
     * Whom it happened to.
     *
     * @return the worker
     */
    AgentId worker();

    /**
     * A task is given to another worker.
     *
     * @param worker the worker at which it failed, or that left
     * @param attempt the number of the attempt that failed, from 1; one whose worker left does not count
     * @param cause what it failed with; null if the worker left, or there is none
     */
    record TaskReassigned(
            AgentId worker, int attempt, @Nullable Throwable cause) implements ManagerEvent {}

    /**
     * A worker's agent is replaced.
     *
     * @param worker the worker
     * @param restarts how often it was by now
     * @param cause what its step failed with
     */
    record WorkerRestarted(
            AgentId worker, long restarts, @Nullable Throwable cause) implements ManagerEvent {}

    /**
     * A worker gets no tasks for a time.
     *
     * @param worker the worker
     * @param time how long
     * @param cause what its step failed with
     */
    record WorkerQuarantined(
            AgentId worker, Duration time, @Nullable Throwable cause) implements ManagerEvent {}

    /**
     * A worker's quarantine is over.
     *
     * @param worker the worker
     */
    record WorkerReleased(AgentId worker) implements ManagerEvent {}

    /**
     * A worker is stopped for good.
     *
     * @param worker the worker
     * @param cause why, with what its step failed with as its cause
     */
    record WorkerEscalated(AgentId worker, WorkerEscalatedException cause) implements ManagerEvent {}

    /**
     * A worker has joined the running manager.
     *
     * @param worker the worker
     */
    record WorkerJoined(AgentId worker) implements ManagerEvent {}

    /**
     * A worker has left, and is at nothing any more.
     *
     * @param worker the worker
     */
    record WorkerLeft(AgentId worker) implements ManagerEvent {}
}
