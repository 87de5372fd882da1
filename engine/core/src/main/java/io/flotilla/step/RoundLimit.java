package io.flotilla.step;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/** The time limit of a round: one timer, from its beginning to its end or to the limit. */
final class RoundLimit {

    private static final long MAX_NANOS = TimeUnit.DAYS.toNanos(1);

    final Duration timeout;
    private volatile boolean passed;

    // Guarded by this.
    private @Nullable Disposable timer;
    private boolean over;

    RoundLimit(Duration timeout) {
        this.timeout = timeout;
    }

    boolean isPassed() {
        return passed;
    }

    /** Begins to measure; {@code timeUp} runs once, on the worker or on a rescue thread. Throws what the timer throws. */
    void arm(EngineSchedulers schedulers, Runnable timeUp) {
        arm(schedulers, timeout.toNanos(), timeUp);
    }

    /** In bits of a day: what is years away would overflow the clocks of some schedulers. */
    private synchronized void arm(EngineSchedulers schedulers, long leftNanos, Runnable timeUp) {
        if (!over) {
            long bit = Math.min(MAX_NANOS, leftNanos);
            timer = schedulers
                    .timer()
                    .schedule(() -> fired(schedulers, leftNanos - bit, timeUp), bit, TimeUnit.NANOSECONDS);
        }
    }

    /** On the timer's thread: what follows may run code of the user's. */
    private void fired(EngineSchedulers schedulers, long leftNanos, Runnable timeUp) {
        if (leftNanos > 0) {
            arm(schedulers, leftNanos, timeUp);
            return;
        }
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            passed = true;
        }
        try {
            schedulers.worker().schedule(timeUp);
        } catch (Throwable disposed) {
            Starter.rescue(timeUp);
        }
    }

    /** Whether it can never pass, since its timer has been disposed of. Says so once. */
    synchronized boolean isLost(EngineSchedulers schedulers) {
        boolean lost = !over && timer != null && schedulers.timer().isDisposed();
        over |= lost;
        return lost;
    }

    /** The round is over. */
    void dispose() {
        Disposable armed;
        synchronized (this) {
            over = true;
            armed = timer;
            timer = null;
        }
        if (armed != null) {
            try {
                armed.dispose();
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown);
            }
        }
    }
}
