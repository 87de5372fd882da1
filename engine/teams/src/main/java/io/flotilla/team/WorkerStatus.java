package io.flotilla.team;

import io.flotilla.AgentId;

/**
 * A worker as its manager sees it at a moment.
 *
 * @param id its id
 * @param state what it may do
 * @param running the tasks it is at
 * @param concurrency the tasks it may be at
 * @param completed the tasks it did
 * @param failed the steps of it that failed
 * @param restarts how often it was restarted
 * @since 0.1
 */
public record WorkerStatus(
        AgentId id, State state, int running, int concurrency, long completed, long failed, long restarts) {

    /** What a worker may do. */
    public enum State {
        /** It is given tasks as long as it has room for them. */
        ACTIVE,
        /** {@link WorkerHealth} said no; it is asked again after {@link Manager.Builder#healthInterval}. */
        UNHEALTHY,
        /** It is given nothing until its time is over. */
        QUARANTINED,
        /** It was escalated, and gets nothing any more. */
        STOPPED,
        /** It is given nothing more, and leaves when it has done what it has. */
        LEAVING
    }
}
