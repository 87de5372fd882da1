package io.flotilla.pool;

import io.flotilla.step.EngineClock;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/** The engine's time in the forms that reactor-pool takes: a scheduler for its evictions and a clock for ages. */
final class ClockScheduler implements Scheduler {

    private final EngineClock clock;

    ClockScheduler(EngineClock clock) {
        this.clock = clock;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return clock.schedule(Duration.ZERO, task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return clock.schedule(Duration.ofNanos(unit.toNanos(delay)), task);
    }

    @Override
    public Worker createWorker() {
        return new Tasks();
    }

    Clock instants() {
        return new Instants(clock);
    }

    /** Tasks that end together. */
    private final class Tasks implements Worker {

        private final Disposable.Composite tasks = Disposables.composite();

        @Override
        public Disposable schedule(Runnable task) {
            return schedule(task, 0, TimeUnit.NANOSECONDS);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            Disposable.Swap scheduled = Disposables.swap();
            tasks.add(scheduled);
            scheduled.update(ClockScheduler.this.schedule(
                    () -> {
                        tasks.remove(scheduled);
                        task.run();
                    },
                    delay,
                    unit));
            return scheduled;
        }

        @Override
        public void dispose() {
            tasks.dispose();
        }

        @Override
        public boolean isDisposed() {
            return tasks.isDisposed();
        }
    }

    private static final class Instants extends Clock {

        private final EngineClock clock;

        Instants(EngineClock clock) {
            this.clock = clock;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return clock.now();
        }
    }
}
