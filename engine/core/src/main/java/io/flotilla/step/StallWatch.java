package io.flotilla.step;

import java.lang.ref.WeakReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Notices user code that does not give back its thread: bodies that keep the thread they were started on, and {@link Lane
 * lanes} that are overdue.
 *
 * <p>A body that blocks in {@code step(..)} or on subscribe holds the thread that starts the steps of its round. No timer
 * of the step's can be armed then: arming one before every start would make each step that ends at once pay for it (a
 * timer costs several times as much as such a step). So rounds are looked at from outside: a thread
 * of our own lets each round look every {@value #TICK_MILLIS} ms whether it is still starting the same step, see {@link
 * Starter#checkForStall}.
 *
 * <p>A round costs an entry in a set; the thread lives only while there are rounds, and some seconds more. It counts real
 * time even where the timers are virtual: a thread is blocked in real time.
 */
final class StallWatch {

    static final long TICK_MILLIS = 20;

    /** Weakly: a round that somebody has dropped without an end is kept by nobody, and needs no rescue. */
    private static final Set<WeakReference<Watched>> ROUNDS = ConcurrentHashMap.newKeySet();

    private static final AtomicBoolean TICKING = new AtomicBoolean();
    private static final ScheduledThreadPoolExecutor CLOCK = clock();

    /** A round or a driver. */
    interface Watched {

        /**
         * Looks whether user code keeps a thread. Called every {@value #TICK_MILLIS} ms.
         *
         * @param now a reading of {@link System#nanoTime()}
         */
        void checkForStall(long now);
    }

    private StallWatch() {}

    private static ScheduledThreadPoolExecutor clock() {
        ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "flotilla-stall-watch");
            thread.setDaemon(true);
            return thread;
        });
        clock.setKeepAliveTime(5, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
        return clock;
    }

    private static final Set<Lane> LANES = ConcurrentHashMap.newKeySet();

    /** A lane begins to call user code. */
    static void enter(Lane lane) {
        if (!SimulationThread.isCurrent()) {
            LANES.add(lane);
            keepTicking();
        }
    }

    /** It has come to its end. */
    static void leave(Lane lane) {
        LANES.remove(lane);
    }

    /** Returns what to call {@link #forget} with. */
    static WeakReference<Watched> watch(Watched round) {
        WeakReference<Watched> watched = new WeakReference<>(round);
        if (!SimulationThread.isCurrent()) {
            ROUNDS.add(watched);
            keepTicking();
        }
        return watched;
    }

    private static void keepTicking() {
        if (!TICKING.get() && TICKING.compareAndSet(false, true)) {
            tickLater();
        }
    }

    static void forget(WeakReference<Watched> watched) {
        ROUNDS.remove(watched);
    }

    private static void tickLater() {
        @SuppressWarnings("FutureReturnValueIgnored") // tick throws nothing
        var unused = CLOCK.schedule(StallWatch::tick, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void tick() {
        long now = System.nanoTime();
        ROUNDS.removeIf(watched -> watched.get() == null);
        for (WeakReference<Watched> watched : ROUNDS) {
            Watched round = watched.get();
            try {
                if (round != null) {
                    round.checkForStall(now);
                }
            } catch (Throwable noThread) {
                // Tried again at the next tick. Not logged: an appender could keep the one thread that looks.
            }
        }
        for (Lane lane : LANES) {
            try {
                check(lane);
            } catch (Throwable noThread) {
                // As above.
            }
        }
        if (isNeeded()) {
            tickLater();
            return;
        }
        TICKING.set(false);
        if (isNeeded()) {
            keepTicking();
        }
    }

    private static boolean isNeeded() {
        return !ROUNDS.isEmpty() || !LANES.isEmpty();
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written here only
    private static void check(Lane lane) {
        lane.looks = Math.min(lane.looks + 1, Integer.MAX_VALUE - 1);
        if (lane.looks >= Lane.PATIENCE && lane.isAwaited()) {
            Starter.rescue(lane::overdue);
        }
    }

    /** How many rounds are looked at; 0 when all have ended. */
    static int watched() {
        return ROUNDS.size();
    }
}
