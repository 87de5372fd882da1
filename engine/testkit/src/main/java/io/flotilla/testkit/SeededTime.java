package io.flotilla.testkit;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Exceptions;

/**
 * The time and the order of a simulated world: one thread runs one task after another. Of those that are ready the seed
 * chooses; when none is, time goes to the next that will be.
 *
 * <p>Tasks of one {@link Line} keep their order, as on a thread of their own. All others may overtake each other.
 *
 * <p>Not thread-safe, but for {@link #stop}, {@link #isHere} and {@link #refuse}.
 */
final class SeededTime {

    /** How the world came to its end. */
    enum End {
        DONE,
        NOTHING_LEFT,
        TOO_MANY_TASKS,
        TOO_LATE,
        REFUSED,
        STOPPED
    }

    private static final long FOLD = 0x100000001b3L;
    private static final long START = 0xcbf29ce484222325L;

    /** Tasks that run in the order in which they become due. Which line is next is chosen. */
    static final class Line {
        private final Deque<Task> ready = new ArrayDeque<>(2);
    }

    /** Something to be run; its cancel is a flag, and whoever meets it then passes it over. */
    private static final class Task implements Disposable {
        private final Line line;
        private final Runnable body;
        private final long periodNanos;
        private long dueNanos;
        private long number;
        private boolean cancelled;

        private Task(Line line, Runnable body, long dueNanos, long periodNanos) {
            this.line = line;
            this.body = body;
            this.dueNanos = dueNanos;
            this.periodNanos = periodNanos;
        }

        @Override
        public void dispose() {
            cancelled = true;
        }

        @Override
        public boolean isDisposed() {
            return cancelled;
        }
    }

    private static final Comparator<Task> BY_TIME =
            Comparator.<Task>comparingLong(task -> task.dueNanos).thenComparingLong(task -> task.number);

    private final SplittableRandom random;
    private final int mostChoices;
    private final long mostTasks;
    private final long lastNanos;
    private final PriorityQueue<Task> later = new PriorityQueue<>(BY_TIME);
    private final List<Line> ready = new ArrayList<>();
    private volatile @Nullable Thread thread;
    private volatile boolean stopped;
    private final AtomicReference<@Nullable IllegalStateException> refusal = new AtomicReference<>();

    /** That of all worlds of a simulation: a thread may show itself when its world is over. */
    private final AtomicReference<@Nullable IllegalStateException> refusalOfAny;

    private final CountDownLatch refused = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile long nowNanos;
    private long numbers;
    private long tasks;
    private int choices;
    private long order = START;

    /** After {@code mostChoices} choices the oldest is next. */
    SeededTime(
            long seed,
            int mostChoices,
            long mostTasks,
            Duration limit,
            AtomicReference<@Nullable IllegalStateException> refusalOfAny) {
        this.refusalOfAny = refusalOfAny;
        this.random = new SplittableRandom(seed);
        this.mostChoices = mostChoices;
        this.mostTasks = mostTasks;
        this.lastNanos = limit.toNanos();
    }

    /** Whether the caller is the world's own thread. */
    boolean isHere() {
        return Thread.currentThread() == thread;
    }

    boolean isClosed() {
        return closed;
    }

    long nowNanos() {
        return nowNanos;
    }

    long tasks() {
        return tasks;
    }

    /** How often there was more than one to choose from, and the seed chose. */
    int choices() {
        return choices;
    }

    /** Tells two orders apart. */
    long order() {
        return order;
    }

    /** The next task is the last. By any thread. */
    void stop() {
        stopped = true;
    }

    /**
     * Something has been seen that no seed decides: the world ends. By any thread; the first one counts.
     *
     * @return to be thrown
     */
    IllegalStateException refuse(String what) {
        IllegalStateException cause = new IllegalStateException("cannot be simulated: " + what);
        refusal.compareAndSet(null, cause);
        refusalOfAny.compareAndSet(null, cause);
        refused.countDown();
        return cause;
    }

    /** For what is of the world's thread alone. */
    void checkHere(String what) {
        if (!isHere()) {
            throw refuse(what + " is used by thread \"" + Thread.currentThread().getName()
                    + "\", which is not of the simulated world, at " + Places.ofUser(Thread.currentThread()));
        }
    }

    /** What was refused; null if nothing was. */
    @Nullable IllegalStateException refusal() {
        return refusal.get();
    }

    /** Whether another thread shows itself in a while, when there is nothing else to wait for. */
    boolean awaitsRefusal(Duration patience) throws InterruptedException {
        return refused.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** This thread is the world's from now on. */
    void begin() {
        thread = Thread.currentThread();
    }

    /** Runs until {@code isDone}, or until nothing can happen any more. What a task throws is thrown. */
    End run(BooleanSupplier isDone) {
        while (!isDone.getAsBoolean()) {
            if (stopped) {
                return End.STOPPED;
            }
            if (refusal.get() != null) {
                return End.REFUSED;
            }
            Task next = next();
            if (next == null) {
                return End.NOTHING_LEFT;
            }
            if (nowNanos > lastNanos) {
                return End.TOO_LATE;
            }
            if (tasks >= mostTasks) {
                return End.TOO_MANY_TASKS;
            }
            tasks++;
            next.body.run();
            again(next);
        }
        return refusal.get() == null ? End.DONE : End.REFUSED;
    }

    private void again(Task task) {
        if (task.periodNanos > 0 && !task.cancelled) {
            task.dueNanos = sum(task.dueNanos, task.periodNanos);
            add(task);
        }
    }

    private @Nullable Task next() {
        for (; ; ) {
            if (ready.isEmpty() && !advance()) {
                return null;
            }
            int chosen = choose();
            Line line = ready.remove(chosen);
            Task task = line.ready.poll();
            if (!line.ready.isEmpty()) {
                ready.add(line);
            }
            if (task != null && !task.cancelled) {
                return task;
            }
        }
    }

    private int choose() {
        int size = ready.size();
        if (size == 1 || choices >= mostChoices) {
            return 0;
        }
        choices++;
        int chosen = random.nextInt(size);
        order = (order ^ chosen) * FOLD;
        return chosen;
    }

    /** To the next moment at which something is due; false if there is none. */
    private boolean advance() {
        Task first = later.peek();
        while (first != null && first.cancelled) {
            later.poll();
            first = later.peek();
        }
        if (first == null) {
            return false;
        }
        nowNanos = Math.max(nowNanos, first.dueNanos);
        while (first != null && first.dueNanos <= nowNanos) {
            later.poll();
            if (!first.cancelled) {
                enqueue(first);
            }
            first = later.peek();
        }
        return true;
    }

    private void enqueue(Task task) {
        if (task.line.ready.isEmpty()) {
            ready.add(task.line);
        }
        task.line.ready.add(task);
    }

    /** Throws Reactor's own rejection when the world is over. */
    Disposable schedule(Line line, Runnable body, long delayNanos, long periodNanos) {
        if (closed) {
            throw Exceptions.failWithRejected();
        }
        Task task = new Task(line, body, sum(nowNanos, Math.max(0, delayNanos)), Math.max(0, periodNanos));
        add(task);
        return task;
    }

    private void add(Task task) {
        task.number = numbers++;
        if (task.dueNanos <= nowNanos) {
            enqueue(task);
        } else {
            later.add(task);
        }
    }

    private static long sum(long one, long other) {
        long sum = one + other;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    /** The world is over: by its own thread, or when that is given up. */
    void close() {
        closed = true;
        if (isHere()) {
            later.clear();
            ready.clear();
        }
    }
}
