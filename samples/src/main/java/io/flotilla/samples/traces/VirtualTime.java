package io.flotilla.samples.traces;

import io.opentelemetry.sdk.common.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/** Time that passes when somebody says so, for an engine, its agents, and the clock of the spans. Thread-safe. */
final class VirtualTime implements Scheduler, Clock {

    private static final Instant BEGIN = Instant.parse("2026-01-01T06:00:00Z");

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private long now;
    private long number;

    private record Task(long at, long number, Runnable what, Disposable.Swap cancel) {}

    /** Runs what is due next, at its time. False if nothing is within that time: time limits are, some day. */
    boolean step(Duration within) {
        Task next;
        synchronized (this) {
            while (!tasks.isEmpty() && tasks.element().cancel().isDisposed()) {
                tasks.remove();
            }
            if (tasks.isEmpty() || tasks.element().at() > now + within.toNanos()) {
                return false;
            }
            next = tasks.remove();
            now = Math.max(now, next.at());
        }
        next.what().run();
        return true;
    }

    synchronized void pass(Duration time) {
        now += time.toNanos();
    }

    @Override
    public Disposable schedule(Runnable task) {
        return schedule(task, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        Disposable.Swap cancel = Disposables.swap();
        number++;
        tasks.add(new Task(now + Math.max(0, unit.toNanos(delay)), number, task, cancel));
        return cancel;
    }

    @Override
    public synchronized long now(TimeUnit unit) {
        return unit.convert(TimeUnit.SECONDS.toNanos(BEGIN.getEpochSecond()) + now, TimeUnit.NANOSECONDS);
    }

    @Override
    public long now() {
        return now(TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    /** How long after the beginning. */
    static Duration sinceBegin(long epochNanos) {
        return Duration.ofNanos(epochNanos - TimeUnit.SECONDS.toNanos(BEGIN.getEpochSecond()));
    }

    /** The same time as the JDK has clocks. */
    java.time.Clock clock() {
        return new java.time.Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public java.time.Clock withZone(@Nullable ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return Instant.ofEpochSecond(0, VirtualTime.this.now());
            }
        };
    }

    @Override
    public Worker createWorker() {
        return new Worker() {
            private final Disposable.Composite all = Disposables.composite();

            @Override
            public Disposable schedule(Runnable task) {
                return schedule(task, 0, TimeUnit.NANOSECONDS);
            }

            @Override
            public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
                Disposable scheduled = VirtualTime.this.schedule(task, delay, unit);
                all.add(scheduled);
                return scheduled;
            }

            @Override
            public void dispose() {
                all.dispose();
            }

            @Override
            public boolean isDisposed() {
                return all.isDisposed();
            }
        };
    }
}
