package io.flotilla.team;

import java.util.ArrayDeque;
import java.util.Deque;

/** The times of a worker's last restarts, as many as its intensity allows in a period. Guarded by its manager. */
final class RestartWindow {

    private final int most;
    private final long periodNanos;
    private final Deque<Long> times = new ArrayDeque<>();

    RestartWindow(Supervision supervision) {
        this.most = supervision.maxRestarts;
        this.periodNanos = supervision.period.toNanos();
    }

    /** Whether one more is allowed now; it is then counted. */
    boolean allows(long nowNanos) {
        while (!times.isEmpty() && nowNanos - times.getFirst() >= periodNanos) {
            times.removeFirst();
        }
        if (times.size() >= most) {
            return false;
        }
        times.addLast(nowNanos);
        return true;
    }
}
