package io.flotilla.step;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/**
 * The cancels of a round that ends early: of its source, of every step in flight. Handlers are called one after another;
 * one that does not return keeps neither the other handlers nor the caller waiting, see {@link Lane}.
 *
 * <p>{@link #here} sends the cancels on the calling thread, and {@code then} runs when all handlers have returned, on another
 * thread if one of them does not, about 80 to 120 ms after the first was called. {@link #elsewhere} is for callers that must get
 * their thread back whatever a handler does: a {@code flotilla-cancel} thread sends the cancels, and the caller waits until all
 * have returned, no longer than that and never more than {@value #MAX_WAIT_MILLIS} ms. A thread that must not block does
 * not wait at all.
 */
final class Cancels {

    private static final int MAX_THREADS = 10_000;
    private static final int IDLE_SECONDS = 10;
    private static final long MAX_WAIT_MILLIS = 200;

    private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(
            0, MAX_THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), Canceller::new);

    /** One of our own: a handler on it that cancels another round need not hand over again. */
    private static final class Canceller extends Thread {
        Canceller(Runnable task) {
            super(task, "flotilla-cancel");
            setDaemon(true);
        }
    }

    // Guarded by this.
    private final Deque<Runnable> first = new ArrayDeque<>(2);
    private @Nullable Step<?, ?> chain;
    private final Deque<Runnable> last = new ArrayDeque<>(2);

    private final CountDownLatch sent = new CountDownLatch(1);

    /** {@code chain}: steps that hang together by {@code previous}. */
    Cancels(@Nullable Step<?, ?> chain) {
        this.chain = chain;
    }

    /** The cancel of one step. */
    static Cancels of(Step<?, ?> step) {
        Cancels cancels = new Cancels(null);
        cancels.addLast(step::cancel);
        return cancels;
    }

    /** To be called before the steps are cancelled. */
    void addFirst(Runnable piece) {
        first.add(piece);
    }

    /** To be called when the steps have been cancelled. */
    void addLast(Runnable piece) {
        last.add(piece);
    }

    /** Sends the cancels on this thread; then {@code then}, which runs once. */
    void here(Runnable then) {
        if (isLeft()) {
            Sending sending = new Sending(new AtomicBoolean(), then);
            sending.run();
            sending.finish();
        } else {
            then.run();
        }
    }

    /** Sends the cancels on another thread, and waits a moment for them. */
    void elsewhere() {
        if (!isLeft()) {
            return;
        }
        if (Thread.currentThread() instanceof Canceller || SimulationThread.isCurrent()) {
            here(() -> {});
            return;
        }
        try {
            THREADS.execute(() -> here(sent::countDown));
        } catch (Throwable noThread) {
            here(() -> {});
            return;
        }
        if (!Schedulers.isInNonBlockingThread()) {
            await();
        }
    }

    private void await() {
        boolean interrupted = false;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MAX_WAIT_MILLIS);
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            try {
                if (sent.await(left, TimeUnit.NANOSECONDS)) {
                    break;
                }
            } catch (InterruptedException ownersBusiness) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Calls one handler on a thread nobody waits for. */
    static void unawaited(Runnable piece) {
        if (SimulationThread.isCurrent()) {
            piece.run();
            return;
        }
        try {
            THREADS.execute(piece);
        } catch (Throwable noThread) {
            piece.run();
        }
    }

    private synchronized boolean isLeft() {
        return chain != null || !first.isEmpty() || !last.isEmpty();
    }

    private synchronized @Nullable Runnable next() {
        Runnable piece = first.poll();
        if (piece != null) {
            return piece;
        }
        Step<?, ?> step = chain;
        if (step == null) {
            return last.poll();
        }
        chain = step.previous;
        step.next = null;
        step.previous = null;
        return step::cancel;
    }

    private final class Sending extends Lane {

        private final AtomicBoolean finished;
        private final Runnable then;

        Sending(AtomicBoolean finished, Runnable then) {
            this.finished = finished;
            this.then = then;
        }

        @Override
        boolean advance() {
            Runnable piece = next();
            if (piece == null) {
                return false;
            }
            try {
                piece.run();
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown);
            }
            return true;
        }

        @Override
        boolean isAwaited() {
            return !finished.get() || isLeft();
        }

        /** The first time, those that are left are still called before what follows; the second time, it follows at once. */
        @Override
        void overdue() {
            if (looks > PATIENCE) {
                finish();
            }
            if (isLeft()) {
                new Sending(finished, then).run();
            }
            finish();
        }

        void finish() {
            if (finished.compareAndSet(false, true)) {
                then.run();
            }
        }
    }
}
