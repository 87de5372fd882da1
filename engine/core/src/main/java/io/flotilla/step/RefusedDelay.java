package io.flotilla.step;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/** A delay that the timer did not take: looked at by {@link CallWatch} until the time has come, on the timer's own clock. */
final class RefusedDelay implements EngineClock.Watched, Disposable {

    private final Scheduler timer;
    private final long since;
    private final long delayNanos;
    private final Runnable task;
    private final AtomicBoolean over = new AtomicBoolean();

    RefusedDelay(Scheduler timer, long delayNanos, Runnable task) {
        this.timer = timer;
        this.delayNanos = delayNanos;
        this.task = task;
        this.since = timer.now(TimeUnit.NANOSECONDS);
    }

    RefusedDelay watched() {
        CallWatch.watchLong(this);
        return this;
    }

    @Override
    public boolean isOverdue(long nanos) {
        try {
            return over.get() || timer.now(TimeUnit.NANOSECONDS) - since >= delayNanos;
        } catch (Throwable noTime) {
            return true; // nobody knows when: too early is better than never
        }
    }

    @Override
    public void overdue() {
        if (over.compareAndSet(false, true)) {
            task.run();
        }
    }

    @Override
    public void dispose() {
        if (over.compareAndSet(false, true)) {
            CallWatch.forget(this);
        }
    }

    @Override
    public boolean isDisposed() {
        return over.get();
    }
}
