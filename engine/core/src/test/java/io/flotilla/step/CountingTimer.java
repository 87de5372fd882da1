package io.flotilla.step;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/** Counts the timers that were armed, and those that have neither fired nor been disposed of. */
public final class CountingTimer implements Scheduler {

    private final Scheduler timer;
    public final AtomicInteger armed = new AtomicInteger();
    public final AtomicInteger open = new AtomicInteger();

    public CountingTimer(Scheduler timer) {
        this.timer = timer;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return timer.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        armed.incrementAndGet();
        open.incrementAndGet();
        AtomicInteger closed = new AtomicInteger();
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

    private void close(AtomicInteger closed) {
        if (closed.getAndIncrement() == 0) {
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
