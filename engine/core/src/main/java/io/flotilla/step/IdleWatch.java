package io.flotilla.step;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The idle timeout of the steps in flight: ends those that have neither emitted nor ended for too long.
 *
 * <p>Nothing is armed or moved when a step starts, emits or ends: a step notes when it last emitted, and one timer does for all. It
 * is armed for the time the first of {@link InFlight} would be idle if it had emitted nothing. When it fires, the steps that started so
 * long ago are looked at once. Those that have emitted meanwhile go to {@link #emitting}, and are looked at again when they would
 * be idle since then. So a step that ends sooner costs a look at a flag, and one that lasts a few operations in each idle timeout.
 */
final class IdleWatch implements Overdue {

    /** Nothing is to be looked at. */
    private static final long NEVER = Long.MAX_VALUE;

    private final LimitTimer timer;
    private final InFlight inFlight;
    private final long idleNanos;

    /** A timer runs, or the worker is at it; not if no timer can be had. Raised and lowered under the lock. */
    private volatile boolean watching;

    // Guarded by this.
    /** Those that had emitted when they were looked at. One that has ended meanwhile stays until its turn. */
    private final PriorityQueue<Emitting> emitting = new PriorityQueue<>(1, Emitting::compare);

    private boolean closed;

    /** A step, and when it is idle if it emits nothing more. */
    private record Emitting(Step<?, ?> step, long dueNanos) {

        static int compare(Emitting one, Emitting other) {
            return Long.signum(one.dueNanos - other.dueNanos);
        }
    }

    IdleWatch(LimitTimer timer, InFlight inFlight, long idleNanos) {
        this.timer = timer;
        this.inFlight = inFlight;
        this.idleNanos = idleNanos;
    }

    /** A step has entered. Throws if no timer can be had. */
    void entered(Step<?, ?> step) {
        if (!watching) {
            synchronized (this) {
                if (!watching && !closed) {
                    timer.check();
                    arm(step.startedNanos + idleNanos - timer.nanos());
                }
            }
        }
    }

    private void arm(long nanos) {
        timer.arm(nanos, this::fired);
        watching = true;
    }

    /** On the timer's thread: nothing of the user's runs here. */
    private void fired() {
        synchronized (this) {
            if (closed || !isDueOrArmed()) {
                return;
            }
        }
        timer.expire(this);
    }

    /** Whether something is to be looked at; if nothing is, the timer is armed for the first. Without a timer all are due. */
    private boolean isDueOrArmed() {
        watching = false; // before the look: a step that enters after it sees the flag down
        try {
            long in = firstDueIn();
            if (in <= 0) {
                watching = true;
                return true;
            }
            if (in != NEVER) {
                arm(in);
            }
            return false;
        } catch (Throwable noTimer) {
            failed(noTimer);
            return true;
        }
    }

    private void failed(Throwable noTimer) {
        timer.failed(noTimer);
        watching = false;
    }

    private long firstDueIn() {
        Step<?, ?> unseen = inFlight.firstUnseen();
        Emitting next = emitting.peek();
        if (unseen == null && next == null) {
            return NEVER;
        }
        long now = timer.nanos();
        long first = unseen == null ? NEVER : unseen.startedNanos + idleNanos - now;
        return next == null ? first : Math.min(first, next.dueNanos - now);
    }

    @Override
    public synchronized @Nullable Step<?, ?> takeDue() {
        if (closed) {
            return null;
        }
        Step<?, ?> idle = null;
        if (timer.failure() == null) {
            try {
                idle = firstIdle(timer.nanos());
            } catch (Throwable noTime) {
                failed(noTime);
            }
        }
        if (timer.failure() != null) {
            return idle == null ? anyOne() : idle;
        }
        // Now, not when the next is taken: the body of this one may keep the thread.
        return isDueOrArmed() && idle == null ? takeDue() : idle;
    }

    private @Nullable Step<?, ?> firstIdle(long now) {
        for (Step<?, ?> step = inFlight.takeUnseen(now - idleNanos);
                step != null;
                step = inFlight.takeUnseen(now - idleNanos)) {
            if (isIdle(step, now)) {
                return step;
            }
        }
        for (Emitting next = emitting.peek(); next != null && next.dueNanos - now <= 0; next = emitting.peek()) {
            emitting.remove();
            if (isIdle(next.step, now)) {
                return next.step;
            }
        }
        return null;
    }

    /** One that is not will be looked at again, unless it has ended. */
    private boolean isIdle(Step<?, ?> step, long now) {
        if (!step.isActive() || step.mayBeSilent()) {
            return false;
        }
        long due = step.lastSignNanos() + idleNanos;
        if (due - now <= 0) {
            return true;
        }
        emitting.add(new Emitting(step, due));
        inFlight.armIfNeeded();
        return false;
    }

    private @Nullable Step<?, ?> anyOne() {
        Step<?, ?> unseen = inFlight.firstUnseen();
        if (unseen != null) {
            return inFlight.takeUnseen(unseen.startedNanos);
        }
        Emitting next = emitting.poll();
        return next == null ? null : next.step;
    }

    @Override
    public synchronized boolean hasDue() {
        if (closed) {
            return false;
        }
        try {
            return timer.failure() == null ? firstDueIn() <= 0 : inFlight.firstUnseen() != null || !emitting.isEmpty();
        } catch (Throwable noTime) {
            return true;
        }
    }

    /** Whether the timer has been disposed of; the steps are due then. */
    synchronized boolean isTimerLost() {
        boolean lost = !closed && watching && timer.isLost();
        watching &= !lost;
        return lost;
    }

    @Override
    public synchronized @Nullable Throwable timerFailure() {
        return timer.failure();
    }

    @Override
    public boolean isOfIdle() {
        return true;
    }

    void close() {
        Disposable armed;
        synchronized (this) {
            closed = true;
            armed = timer.armed();
            emitting.clear();
        }
        LimitTimer.dispose(armed);
    }
}
