package io.flotilla.run;

import io.flotilla.internal.BlockingPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads on which subscribers of events are told. So many tasks run at a time, the others wait in one line, whoever's they are. A
 * subscriber has one task at a time, which is short unless the subscriber blocks: see {@link EventFeed}.
 *
 * <p>A task that keeps its thread for longer than {@value #HELD_AFTER_MILLIS} ms while others wait does not count any more, and another
 * thread is taken for them; up to {@value #MAX_THREADS} in the process. So subscribers that block cost a thread each, as they must, and
 * those that do not share a few.
 *
 * <p>Threads are daemons, and end when idle: there is nothing to close. Thread-safe.
 */
final class ListenerPool implements Executor {

    /** The threads if nothing else is said: four a core. */
    static final int DEFAULT_THREADS = 4 * Runtime.getRuntime().availableProcessors();

    static final int MAX_THREADS = 10_000;
    static final long HELD_AFTER_MILLIS = 100;

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);
    private static final int IDLE_SECONDS = 10;
    private static final AtomicLong NUMBERS = new AtomicLong();

    private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(
            0, MAX_THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), ListenerPool::thread);

    private static final ListenerPool SHARED = new ListenerPool(DEFAULT_THREADS);

    private final int size;

    // Guarded by this.
    /** At most one task of each subscriber. */
    private final Deque<Runnable> queue = new ArrayDeque<>();

    private final Set<Worker> workers = new LinkedHashSet<>();
    private int held;
    private boolean watched;

    private ListenerPool(int size) {
        this.size = size;
    }

    /** That of all workflows that have none of their own. */
    static ListenerPool shared() {
        return SHARED;
    }

    static ListenerPool of(int size) {
        return new ListenerPool(size);
    }

    /** {@code virtual} inside of virtual time, which has no threads of its own. */
    Executor orVirtual(Executor virtual) {
        return BlockingPool.isTimeReal() ? this : virtual;
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "flotilla-listener-" + NUMBERS.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void execute(Runnable task) {
        Worker free;
        boolean watch;
        synchronized (this) {
            queue.add(task);
            free = free();
            watch = free == null && !watched;
            watched |= watch;
        }
        if (free != null) {
            start(free);
        } else if (watch) {
            watchLater();
        }
    }

    /** A worker to be started for what waits; null if nothing does, or all threads are taken. Holds the lock. */
    private @Nullable Worker free() {
        if (queue.isEmpty() || workers.size() - held >= size) {
            return null;
        }
        Worker worker = new Worker();
        workers.add(worker);
        return worker;
    }

    private void start(Worker worker) {
        try {
            THREADS.execute(worker);
        } catch (Throwable noThread) { // as many are held as there may be: the next that comes back takes what waits
            LOG.debug("no thread can be had for a listener", noThread);
            synchronized (this) {
                workers.remove(worker);
            }
        }
    }

    /** Takes one task after another. */
    private final class Worker implements Runnable {

        // Guarded by the pool.
        private long beganNanos;
        private boolean isHeld;

        @Override
        public void run() {
            for (Runnable task = next(this); task != null; task = next(this)) {
                try {
                    task.run();
                } catch (Throwable thrown) {
                    LOG.debug("a listener throws", thrown);
                }
                clearInterrupt();
            }
        }
    }

    @SuppressWarnings("ResultOfMethodCallIgnored") // what a listener leaves behind is not for the next
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    /** The next task of a worker; null if it is to end. */
    private synchronized @Nullable Runnable next(Worker worker) {
        if (worker.isHeld) {
            worker.isHeld = false;
            held--;
        }
        Runnable task = workers.size() - held > size ? null : queue.poll();
        if (task == null) {
            workers.remove(worker);
        }
        worker.beganNanos = System.nanoTime();
        return task;
    }

    // --- threads that are held

    private void watchLater() {
        try {
            THREADS.execute(this::watch);
        } catch (Throwable noThread) {
            synchronized (this) {
                watched = false;
            }
        }
    }

    /** As long as something waits: on a thread of its own. */
    private void watch() {
        boolean waiting = true;
        while (waiting) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(HELD_AFTER_MILLIS / 2));
            List<Worker> more = new ArrayList<>();
            synchronized (this) {
                markHeld(System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(HELD_AFTER_MILLIS));
                for (Worker free = queue.size() > more.size() ? free() : null;
                        free != null;
                        free = queue.size() > more.size() ? free() : null) {
                    more.add(free);
                }
                waiting = !queue.isEmpty();
                watched = waiting;
            }
            more.forEach(this::start);
        }
    }

    private void markHeld(long before) {
        for (Worker worker : workers) {
            if (!worker.isHeld && worker.beganNanos - before < 0) {
                worker.isHeld = true;
                held++;
            }
        }
    }
}
