package io.flotilla.step;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Notices what no timer was armed for: calls that usually return at once and have not, and delays that a timer refused.
 *
 * <p>A thread of our own looks at all of it every {@value #TICK_MILLIS} ms. What is overdue is run on a thread of its own, so
 * nothing of the user's keeps this one. The thread lives only while there is something to look at, and some seconds more.
 *
 * <p>A call is watched and forgotten for every attempt that has a limit, so both are cheap: one atomic write each, in a slot that the thread finds by
 * its own hash. Slots are a cache line apart. Who finds his few slots taken stands in a set, as what is watched for long does.
 */
final class CallWatch {

    static final long TICK_MILLIS = 20;

    private static final int SLOTS = 64;
    private static final int STRIDE = 16;
    private static final int PROBES = 4;

    private static final AtomicReferenceArray<EngineClock.Watched> CALLS = new AtomicReferenceArray<>(SLOTS * STRIDE);
    private static final Set<EngineClock.Watched> OTHERS = ConcurrentHashMap.newKeySet();

    private static final AtomicBoolean TICKING = new AtomicBoolean();
    private static final ScheduledThreadPoolExecutor CLOCK = clock();

    private CallWatch() {}

    private static ScheduledThreadPoolExecutor clock() {
        ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "flotilla-call-watch");
            thread.setDaemon(true);
            return thread;
        });
        clock.setKeepAliveTime(5, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
        return clock;
    }

    /** For a call on this thread, which forgets it when the call has returned. */
    static void watch(EngineClock.Watched call) {
        if (SimulationThread.isCurrent()) {
            return;
        }
        int home = home();
        for (int probe = 0; probe < PROBES; probe++) {
            int at = slot(home + probe);
            if (CALLS.get(at) == null && CALLS.compareAndSet(at, null, call)) {
                tick();
                return;
            }
        }
        watchLong(call);
    }

    /** For what may last. */
    static void watchLong(EngineClock.Watched waiting) {
        if (SimulationThread.isCurrent()) {
            return;
        }
        OTHERS.add(waiting);
        tick();
    }

    /** For what was watched for long and is not any more. */
    static void forgetLong(EngineClock.Watched waiting) {
        OTHERS.remove(waiting);
    }

    static void forget(EngineClock.Watched call) {
        if (SimulationThread.isCurrent()) {
            return;
        }
        int home = home();
        for (int probe = 0; probe < SLOTS; probe++) {
            if (probe == PROBES && OTHERS.remove(call)) {
                return;
            }
            if (leaves(slot(home + probe), call)) {
                return;
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // it is this call that is looked for
    private static boolean leaves(int at, EngineClock.Watched call) {
        return CALLS.get(at) == call && CALLS.compareAndSet(at, call, null);
    }

    private static int home() {
        return System.identityHashCode(Thread.currentThread());
    }

    private static int slot(int number) {
        return (number & (SLOTS - 1)) * STRIDE;
    }

    private static void tick() {
        if (!TICKING.get() && TICKING.compareAndSet(false, true)) {
            tickLater();
        }
    }

    private static void tickLater() {
        @SuppressWarnings("FutureReturnValueIgnored") // look throws nothing
        var unused = CLOCK.schedule(CallWatch::look, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void look() {
        if (lookAtAll(System.nanoTime())) {
            tickLater();
            return;
        }
        TICKING.set(false);
        if (watched() > 0 && TICKING.compareAndSet(false, true)) {
            tickLater();
        }
    }

    /** Whether anything is left to look at. */
    private static boolean lookAtAll(long now) {
        boolean left = false;
        for (int slot = 0; slot < SLOTS; slot++) {
            EngineClock.Watched call = CALLS.get(slot(slot));
            if (call != null && !(isTakenOver(call, now) && leaves(slot(slot), call))) {
                left = true;
            }
        }
        OTHERS.removeIf(waiting -> isTakenOver(waiting, now));
        return left || !OTHERS.isEmpty();
    }

    private static boolean isTakenOver(EngineClock.Watched call, long now) {
        try {
            if (!call.isOverdue(now)) {
                return false;
            }
            Starter.rescue(() -> overdue(call));
            return true;
        } catch (Throwable noThread) {
            Steps.reportFailed(noThread); // all else is to be looked at all the same, and this again
            return false;
        }
    }

    private static void overdue(EngineClock.Watched call) {
        try {
            call.overdue();
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown);
        }
    }

    /** How many are looked at; 0 when all have returned. */
    static int watched() {
        int calls = OTHERS.size();
        for (int slot = 0; slot < SLOTS; slot++) {
            if (CALLS.get(slot(slot)) != null) {
                calls++;
            }
        }
        return calls;
    }
}
