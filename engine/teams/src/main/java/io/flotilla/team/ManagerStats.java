package io.flotilla.team;

/**
 * The counts of a manager, all of one moment: {@code accepted == completed + failed + cancelled + rejected + queued + running}.
 * Once it is closed, the last two are zero.
 *
 * @param accepted the tasks it took
 * @param completed the tasks that a worker did
 * @param failed the tasks that no worker could do
 * @param cancelled the tasks that were cancelled, by their subscribers or at the end of the manager
 * @param rejected the tasks it took and gave up: the manager was closed, or their last capable worker stopped or left
 * @param refused the tasks it did not take
 * @param reassigned the attempts that followed one that failed, or whose worker left
 * @param queued the tasks that wait for a worker
 * @param running the tasks that workers are at
 * @since 0.1
 */
public record ManagerStats(
        long accepted,
        long completed,
        long failed,
        long cancelled,
        long rejected,
        long refused,
        long reassigned,
        int queued,
        int running) {}
