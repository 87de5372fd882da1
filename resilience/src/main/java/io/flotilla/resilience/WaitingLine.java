package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Attempts that wait for a permit, first come, first served. Shared by the bulkhead, whose permits come back when an attempt
 * ends, and the limiter, whose permits come back with time.
 *
 * <p>A waiting attempt holds neither a thread nor a permit, so leaving is only being taken off the line: nothing has to be given
 * back, and nothing is lost. An attempt that is let in is called on a thread of the engine's worker: an attempt that ends at once and
 * lets in the next would otherwise go deeper into the stack with each, and one that blocks would hold up the line.
 */
abstract class WaitingLine {

    /** One that waits. */
    interface Waiter {

        /** A permit is yours, unless you have left. */
        void admitted();

        /** The longest wait is over. */
        void waitedTooLong();
    }

    private final int most;
    private final Duration queueTimeout;

    /** In order of arrival, each with the reading of the clock when its wait is over. Guarded by this. */
    private final Map<Waiter, Long> waiting = new LinkedHashMap<>();

    private @Nullable Disposable timer;
    private long timerNanos;
    private int timerNumber;
    private final Complaint clockComplaint = new Complaint("the engine's timer");
    private long lastNanos;

    WaitingLine(int most, Duration queueTimeout) {
        this.most = most;
        this.queueTimeout = queueTimeout;
    }

    /** Takes a permit if there is one now. Called under the line's lock. */
    abstract boolean tryAcquire();

    /** When a permit may come without one being given back; negative for never. Called under the line's lock. */
    abstract long nanosToNext(int position);

    /** What became of asking. */
    enum Answer {
        ADMITTED,
        WAITING,
        FULL
    }

    final synchronized Answer ask(Waiter waiter, EngineClock clock) {
        if (waiting.isEmpty() && tryAcquire()) {
            return Answer.ADMITTED;
        }
        if (waiting.size() >= most || queueTimeout.isZero() || nanosToNext(waiting.size()) > queueTimeout.toNanos()) {
            return Answer.FULL;
        }
        waiting.put(waiter, now(clock) + queueTimeout.toNanos());
        try {
            arm(clock);
        } catch (Throwable noTimer) {
            waiting.remove(waiter);
            throw noTimer;
        }
        return Answer.WAITING;
    }

    final synchronized void leave(Waiter waiter) {
        if (waiting.remove(waiter) != null && waiting.isEmpty()) {
            disarm();
        }
    }

    /**
     * Lets in as many as there are permits, and refuses those that have waited too long. Throws nothing: each that has been taken
     * off the line is called, whatever the others throw.
     */
    final void pump(EngineClock clock) {
        List<Waiter> admitted = new ArrayList<>();
        List<Waiter> late = new ArrayList<>();
        synchronized (this) {
            long now = now(clock);
            Iterator<Map.Entry<Waiter, Long>> line = waiting.entrySet().iterator();
            while (line.hasNext()) {
                Map.Entry<Waiter, Long> next = line.next();
                if (next.getValue() - now < 0 || (next.getValue() == now && !mayAcquire())) {
                    late.add(next.getKey());
                } else if (mayBeLetIn()) {
                    admitted.add(next.getKey());
                } else {
                    break;
                }
                line.remove();
            }
            try {
                arm(clock);
            } catch (Throwable noTimer) {
                clockComplaint.about(noTimer);
            }
        }
        late.forEach(waiter -> onWorker(clock, waiter::waitedTooLong));
        admitted.forEach(waiter -> onWorker(clock, waiter::admitted));
    }

    private boolean mayBeLetIn() {
        try {
            return tryAcquire();
        } catch (Throwable noTime) {
            clockComplaint.about(noTime);
            return false;
        }
    }

    /** A clock that fails for a moment stands still. */
    private long now(EngineClock clock) {
        try {
            lastNanos = clock.nanoTime();
        } catch (Throwable noTime) {
            clockComplaint.about(noTime);
        }
        return lastNanos;
    }

    /** Here if not even a thread can be had: an attempt that is off the line would wait for ever. */
    private void onWorker(EngineClock clock, Runnable task) {
        try {
            clock.schedule(Duration.ZERO, task);
        } catch (Throwable noThread) {
            clockComplaint.about(noThread);
            task.run();
        }
    }

    /** Whether a permit would be had now, without taking it. Called under the line's lock. */
    abstract boolean mayAcquire();

    /** One timer for the line: for the next permit or the end of the first wait, whichever comes first. */
    private void arm(EngineClock clock) {
        if (waiting.isEmpty()) {
            disarm();
            return;
        }
        long now = now(clock);
        long due = waiting.values().iterator().next() - now;
        long next = nanosToNext(0);
        long delay = Math.max(0, next >= 0 ? Math.min(due, next) : due);
        if (timer != null && timerNanos - now <= delay) {
            return; // one that is overdue too: it is on its way, and would never arrive if every newcomer put it off
        }
        disarm();
        timerNanos = now + delay;
        // Never at once: a permit that was reckoned a nanosecond too early would be asked for in a loop.
        int number = ++timerNumber;
        timer = clock.schedule(Duration.ofNanos(Math.max(1, delay)), () -> fired(number, clock));
    }

    /** Another may have been armed while this one was on its way: that stays known, to be disposed of. */
    private void fired(int number, EngineClock clock) {
        synchronized (this) {
            if (number == timerNumber) {
                timer = null;
            }
        }
        pump(clock);
    }

    private void disarm() {
        if (timer != null) {
            timer.dispose();
            timer = null;
        }
    }

    final synchronized int size() {
        return waiting.size();
    }

    /** For the message of a refusal. */
    final int most() {
        return most;
    }

    final Duration queueTimeout() {
        return queueTimeout;
    }
}
