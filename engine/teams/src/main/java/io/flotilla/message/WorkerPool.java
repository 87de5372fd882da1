package io.flotilla.message;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.SimulationThread;
import io.flotilla.step.StepEngine;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The threads that mailboxes drain on: one a core, and one more for each that a handler keeps.
 *
 * <p>A queue in front of few threads is what makes a message to an idle mailbox cheap, and few threads are what a blocking
 * handler takes away from all other mailboxes. So each thread is watched: if it has been in one call for {@link
 * #PATIENCE_NANOS}, another thread takes its place until it is back.
 *
 * <p>The queue has no bound of its own, and needs none: each mailbox is in it once at most.
 */
final class WorkerPool {

    static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private static final int MAX_THREADS = 10_000;
    private static final int IDLE_SECONDS = 10;

    /** Made when the first thread outside of simulated systems needs it: made in one, it would have an id of that one. */
    private static final class Default {

        private static final StepEngine ENGINE = StepEngine.builder().build();

        /** The watch of the library; it counts real time. */
        private static final EngineClock WATCH = EngineAccess.of(ENGINE).clock();

        private Default() {}
    }

    static final WorkerPool SHARED = new WorkerPool();

    private final int size = Math.max(2, Runtime.getRuntime().availableProcessors());
    private final AtomicLong threadCount = new AtomicLong();
    private final ThreadPoolExecutor threads;

    /** Guarded by this. */
    private int held;

    /** One for all, but in a simulated system one of its own: nothing of it is to be known to another. */
    static StepEngine defaultEngine() {
        return SimulationThread.isCurrent() ? StepEngine.builder().build() : Default.ENGINE;
    }

    private WorkerPool() {
        this.threads = new ThreadPoolExecutor(
                size,
                MAX_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(Integer.MAX_VALUE),
                this::newThread);
        threads.allowCoreThreadTimeOut(true);
    }

    private Thread newThread(Runnable loop) {
        return new Worker(this, loop, "flotilla-mailbox-" + threadCount.incrementAndGet());
    }

    void execute(Runnable task) {
        threads.execute(task);
    }

    /** A handler keeps a thread. */
    synchronized void lend() {
        held++;
        threads.setCorePoolSize(Math.min(MAX_THREADS, size + held));
    }

    /** That thread is back. */
    synchronized void giveBack() {
        held--;
        threads.setCorePoolSize(Math.min(MAX_THREADS, size + held));
    }

    synchronized int heldCount() {
        return held;
    }

    /** What runs on a worker, and can lose it. */
    interface Drain {

        /** How long a call may keep its thread; 0 for any time. */
        long limitNanos();

        /** A call has kept its worker for too long: the drain continues elsewhere. On a thread of its own. */
        void takeOver(Worker kept);
    }

    /** A thread of the pool. It is watched while it lives. */
    static final class Worker extends Thread implements EngineClock.Watched {

        private static final VarHandle CALLS;
        private static final VarHandle DRAIN;

        static {
            try {
                CALLS = MethodHandles.lookup().findVarHandle(Worker.class, "calls", long.class);
                DRAIN = MethodHandles.lookup().findVarHandle(Worker.class, "drain", Drain.class);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }

        private final WorkerPool pool;

        // Of the worker: what it runs, and a number that changes with every call of user code.
        private volatile @Nullable Drain drain;

        @SuppressWarnings("UnusedVariable") // read through its handle
        private long calls;

        // The watch's own notes: one thread at a time, the next one sees what the last one wrote.
        private volatile @Nullable Drain seen;
        private volatile long seenCalls;
        private volatile long seenNanos;
        private volatile boolean lent;

        /** It is in another call than at the look before. */
        private volatile boolean movedOn;

        private volatile boolean takenOver;

        Worker(WorkerPool pool, Runnable loop, String name) {
            super(loop, name);
            this.pool = pool;
            setDaemon(true);
        }

        @Override
        public void run() {
            Default.WATCH.watch(this);
            try {
                super.run();
            } finally {
                Default.WATCH.forget(this);
            }
        }

        /** The watch looks every now and then: what it sees need not be of this moment. */
        void enter(@Nullable Drain runs) {
            DRAIN.setRelease(this, runs);
        }

        /** User code is about to be called. */
        void call() {
            CALLS.setOpaque(this, calls + 1);
        }

        private long callCount() {
            return (long) CALLS.getOpaque(this);
        }

        @Override
        public boolean isOverdue(long nanos) {
            Drain now = drain;
            long count = callCount();
            if (now == null || now != seen || count != seenCalls || !isAlive()) {
                seen = now;
                seenCalls = count;
                seenNanos = nanos;
                takenOver = false;
                movedOn = true;
                return lent || !isAlive();
            }
            movedOn = false;
            long kept = nanos - seenNanos;
            return lent ? !takenOver && isPast(now.limitNanos(), kept) : kept >= PATIENCE_NANOS;
        }

        private static boolean isPast(long limit, long kept) {
            return limit > 0 && kept >= limit;
        }

        @Override
        public void overdue() {
            Drain now = seen;
            boolean stuck = !movedOn && now != null && drain == now && callCount() == seenCalls && isAlive();
            boolean takesOver = stuck && lent;
            if (stuck && !lent) {
                lent = true;
                pool.lend();
            } else if (!stuck && lent) {
                lent = false;
                pool.giveBack();
            }
            takenOver = takesOver;
            if (isAlive()) { // before the take-over, which may call code of the user's
                Default.WATCH.watch(this);
            }
            if (takesOver && now != null) {
                now.takeOver(this);
            }
        }
    }
}
