package io.flotilla.resilience;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/** A timer that takes nothing while it is told not to. */
record RefusingTimer(Scheduler timer, AtomicBoolean refuses) implements Scheduler {

    private void check() {
        if (refuses.get()) {
            throw new RejectedExecutionException("refused");
        }
    }

    @Override
    public Disposable schedule(Runnable task) {
        check();
        return timer.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        check();
        return timer.schedule(task, delay, unit);
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
