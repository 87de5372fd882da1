package io.flotilla.team;

import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts steps one after another, on as many threads as there are cores at most: a step that ends at once costs no change of
 * threads. A step that keeps its thread is noticed within 60 ms, and another thread goes on with the others.
 *
 * <p>The queue has no bound of its own, and needs none: what is in it has a place at a worker.
 */
final class Starts {

    static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private static final int MAX_STARTERS = Math.max(2, Runtime.getRuntime().availableProcessors());

    private final EngineClock clock;

    // --- guarded by this

    private final Deque<Runnable> waiting = new ArrayDeque<>();

    /** The threads that start steps, without those that a step keeps. */
    private int starters;

    Starts(EngineClock clock) {
        this.clock = clock;
    }

    /** Must not throw, but may keep its thread. */
    void add(Runnable start) {
        boolean wakes;
        synchronized (this) {
            waiting.addLast(start);
            wakes = mustWake();
        }
        if (wakes) {
            wake();
        }
    }

    /** Under the lock. A further thread is worth it only if there is more to do than the next step. */
    private boolean mustWake() {
        if (starters >= MAX_STARTERS || waiting.size() <= Math.min(starters, 1)) {
            return false;
        }
        starters++;
        return true;
    }

    private void wake() {
        clock.schedule(Duration.ZERO, new Starter());
    }

    /** A thread that starts steps. */
    private final class Starter implements Runnable, EngineClock.Watched {

        /** Changes with each step. Written by the thread, read by the watch. */
        private volatile int count;

        // The watch's own notes.
        private volatile int seenCount = -1;
        private volatile long seenNanos;

        /** Written under the lock: it has no more to do, or a step has kept it and another one is in its place. */
        private volatile boolean isOver;

        @Override
        public void run() {
            clock.watch(this);
            try {
                for (Runnable next = next(); next != null; next = next()) {
                    next.run();
                }
            } finally {
                clock.forget(this);
            }
        }

        private @Nullable Runnable next() {
            Runnable next;
            boolean wakes;
            boolean isBack = false;
            synchronized (Starts.this) {
                if (isOver) {
                    if (waiting.isEmpty()) {
                        return null;
                    }
                    isOver = false; // it is back before the other one has begun, or there is enough for both
                    starters++;
                    isBack = true;
                }
                count++;
                next = waiting.poll();
                if (next == null) {
                    isOver = true;
                    starters--;
                    return null;
                }
                wakes = mustWake();
            }
            if (isBack) {
                clock.watch(this);
            }
            if (wakes) {
                wake();
            }
            return next;
        }

        @Override
        public boolean isOverdue(long nanos) {
            int now = count;
            if (now != seenCount) {
                seenCount = now;
                seenNanos = nanos;
                return isOver;
            }
            return isOver || nanos - seenNanos >= PATIENCE_NANOS;
        }

        @Override
        public void overdue() {
            boolean wakes = false;
            boolean isBack;
            synchronized (Starts.this) {
                isBack = !isOver && count != seenCount;
                if (!isOver && !isBack) {
                    isOver = true;
                    starters--;
                    wakes = mustWake();
                }
            }
            if (isBack) {
                clock.watch(this);
            }
            if (wakes) {
                wake();
            }
        }
    }
}
