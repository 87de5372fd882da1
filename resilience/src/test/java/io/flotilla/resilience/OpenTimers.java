package io.flotilla.resilience;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/** Counts the timers that were armed, and those that have neither fired nor been disposed of. */
final class OpenTimers implements Scheduler {

    private final Scheduler timer;
    final AtomicInteger armed = new AtomicInteger();
    final AtomicInteger open = new AtomicInteger();

    OpenTimers(Scheduler timer) {
        this.timer = timer;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return timer.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        if (delay <= 0) {
            return timer.schedule(task, delay, unit); // no timer, only behind what is due
        }
        armed.incrementAndGet();
        open.incrementAndGet();
        AtomicBoolean closed = new AtomicBoolean();
        Disposable scheduled = timer.schedule(
                () -> {
                    close(closed);
                    task.run();
                },
                delay,
                unit);
        return () -> {
            close(closed);
            scheduled.dispose();
        };
    }

    private void close(AtomicBoolean closed) {
        if (closed.compareAndSet(false, true)) {
            open.decrementAndGet();
        }
    }

    @Override
    public long now(TimeUnit unit) {
        return timer.now(unit);
    }

    @Override
    public Worker createWorker() {
        return timer.createWorker();
    }

    @Override
    public void dispose() {
        timer.dispose();
    }
}
