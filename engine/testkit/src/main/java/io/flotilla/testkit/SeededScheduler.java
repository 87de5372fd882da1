package io.flotilla.testkit;

import io.flotilla.testkit.SeededTime.Line;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * What a simulated world has in place of each of Reactor's schedulers. Threads that are not of that world have real time and
 * real threads here as well: nothing of theirs is in the simulation.
 */
final class SeededScheduler implements Scheduler {

    /** Reactor's schedulers, as the world has them. */
    static final class Factory implements Schedulers.Factory {

        private final SeededTime time;

        Factory(SeededTime time) {
            this.time = time;
        }

        @Override
        public Scheduler newBoundedElastic(int threads, int queued, ThreadFactory factory, int ttlSeconds) {
            return new SeededScheduler(time, null);
        }

        @Override
        public Scheduler newThreadPerTaskBoundedElastic(int threads, int queued, ThreadFactory factory) {
            return new SeededScheduler(time, null);
        }

        @Override
        public Scheduler newParallel(int threads, ThreadFactory factory) {
            return new SeededScheduler(time, null);
        }

        /** One thread has one order. */
        @Override
        public Scheduler newSingle(ThreadFactory factory) {
            return new SeededScheduler(time, new Line());
        }
    }

    /** Made when somebody outside needs it, and never disposed of: its threads end when idle. */
    private static final class Outside {
        private static final int QUEUED = 100_000;
        private static final int IDLE_SECONDS = 10;
        private static final Schedulers.Factory REACTORS = new Schedulers.Factory() {};

        private static final Scheduler SCHEDULER = REACTORS.newBoundedElastic(
                Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE,
                QUEUED,
                task -> {
                    Thread thread = new Thread(task, "flotilla-outside");
                    thread.setDaemon(true);
                    return thread;
                },
                IDLE_SECONDS);

        static {
            SCHEDULER.init();
        }

        private Outside() {}
    }

    private final SeededTime time;

    /** Null if tasks may overtake each other. */
    private final @Nullable Line only;

    private SeededScheduler(SeededTime time, @Nullable Line only) {
        this.time = time;
        this.only = only;
    }

    private Line line() {
        return only == null ? new Line() : only;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return time.isHere() ? time.schedule(line(), task, 0, 0) : Outside.SCHEDULER.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return time.isHere()
                ? time.schedule(line(), task, unit.toNanos(delay), 0)
                : Outside.SCHEDULER.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return time.isHere()
                ? time.schedule(line(), task, unit.toNanos(initialDelay), Math.max(1, unit.toNanos(period)))
                : Outside.SCHEDULER.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public long now(TimeUnit unit) {
        return time.isHere() ? unit.convert(time.nowNanos(), TimeUnit.NANOSECONDS) : Outside.SCHEDULER.now(unit);
    }

    @Override
    public Worker createWorker() {
        return time.isHere() ? new SeededWorker(time, line()) : Outside.SCHEDULER.createWorker();
    }

    /** One that Reactor does not keep, since somebody else was faster, may be in use all the same. */
    @Override
    public void dispose() {
        // ends with its world
    }

    @Override
    public boolean isDisposed() {
        return time.isClosed();
    }

    @Override
    public String toString() {
        return "seeded";
    }

    /** Its tasks run in order. */
    private static final class SeededWorker implements Worker {

        private final SeededTime time;
        private final Line line;
        private final Disposable.Composite all = Disposables.composite();

        private SeededWorker(SeededTime time, Line line) {
            this.time = time;
            this.line = line;
        }

        private Disposable add(Runnable task, long delayNanos, long periodNanos) {
            if (all.isDisposed()) {
                throw Exceptions.failWithRejected();
            }
            if (!time.isHere()) {
                throw Exceptions.failWithRejected(time.refuse("a signal comes to the simulated world on thread \""
                        + Thread.currentThread().getName() + "\", which is not of it"));
            }
            Once once = new Once(task, periodNanos == 0);
            Disposable scheduled = time.schedule(line, once, delayNanos, periodNanos);
            once.scheduled = scheduled;
            if (!all.add(scheduled)) {
                throw Exceptions.failWithRejected();
            }
            return () -> {
                all.remove(scheduled);
                scheduled.dispose();
            };
        }

        /** What has run is not held any longer. */
        private final class Once implements Runnable {
            private final Runnable task;
            private final boolean ends;
            private @Nullable Disposable scheduled;

            private Once(Runnable task, boolean ends) {
                this.task = task;
                this.ends = ends;
            }

            @Override
            public void run() {
                Disposable own = scheduled;
                if (ends && own != null) {
                    all.remove(own);
                }
                task.run();
            }
        }

        @Override
        public Disposable schedule(Runnable task) {
            return add(task, 0, 0);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            return add(task, unit.toNanos(delay), 0);
        }

        @Override
        public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
            return add(task, unit.toNanos(initialDelay), Math.max(1, unit.toNanos(period)));
        }

        @Override
        public void dispose() {
            all.dispose();
        }

        @Override
        public boolean isDisposed() {
            return all.isDisposed();
        }
    }
}
