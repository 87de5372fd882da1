package io.flotilla.step;

import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The steps of a round that did not end at once, in the order they started: whom a cancel goes to, and whose time is up.
 *
 * <p>Where all steps have the same limit, the one that started first is due first; where agents have limits of their own, a
 * {@link DueHeap} says which is. One timer, armed for the first that is not due yet, does for all of them. It is armed for that one
 * when a step enters and no timer runs or one for later, and again when a step that is due is taken out; when it fires too
 * early, because its step has ended meanwhile, it is armed again: about once a limit, not once a step. Entering and leaving is a
 * few writes under a lock whatever the number in flight, and a step that ends while it is being started never enters. A step
 * whose time is up stays in until it has ended, so that a cancel reaches it.
 */
final class InFlight implements Overdue {

    private final LimitTimer timer;

    /** Those whose time-out has not been taken; null where all steps have the same limit. */
    private final @Nullable DueHeap heap;

    private @Nullable Step<?, ?> last;

    /** The first whose time-out has not been taken, without the heap. */
    private @Nullable Step<?, ?> pending;

    /** The {@link IdleWatch} looks at every step before its time is up, and has the timer armed then. */
    private boolean deferred;

    /** The first that has not been looked at for the idle timeout, see {@link IdleWatch}. */
    private @Nullable Step<?, ?> unseen;

    private boolean armed;
    private long armedForNanos;

    /** The number of the timer that is armed: one that has been replaced may fire all the same. */
    private int timerNumber;

    /** The timer has fired, and the worker has not come yet. */
    private boolean firing;

    private boolean closed;

    /** The time of all of them is up. */
    private boolean expired;

    /** {@code heap}: for steps with limits of their own. */
    InFlight(LimitTimer timer, @Nullable DueHeap heap) {
        this.timer = timer;
        this.heap = heap;
    }

    /**
     * Takes a step in, unless it has ended already. False if the round is over: then the caller cancels the step. Throws
     * if no timer can be had; then the step is not in.
     */
    boolean enter(Step<?, ?> step) {
        synchronized (this) {
            if (closed) {
                return false;
            }
            step.listed = this; // before the look at its state: a step that ends now sees the mark and leaves after us
            if (!step.isActive()) {
                return true;
            }
            timer.check();
            link(step);
            if (!firing && !deferred) {
                try {
                    arm();
                } catch (Throwable noTimer) {
                    unlink(step);
                    throw noTimer;
                }
            }
            return true;
        }
    }

    /** After those that started before it: nearly always at the end. */
    private void link(Step<?, ?> step) {
        Step<?, ?> before = last;
        Step<?, ?> after = null;
        while (before != null && before.startedNanos - step.startedNanos > 0) {
            after = before;
            before = before.previous;
        }
        step.previous = before;
        step.next = after;
        if (before != null) {
            before.next = step;
        }
        if (after == null) {
            last = step;
        } else {
            after.previous = step;
        }
        step.linked = true;
        if (unseen == null || unseen == after) {
            unseen = step;
        }
        if (heap != null) {
            heap.add(step);
        } else if (pending == null || pending == after) {
            pending = step;
        }
    }

    /** The first whose time-out has not been taken. */
    private @Nullable Step<?, ?> first() {
        return heap == null ? pending : heap.first();
    }

    /** Lets a step out of where it is; it need not be in. */
    static void leave(Step<?, ?> step) {
        InFlight in = step.listed;
        if (in != null) {
            in.remove(step);
        }
    }

    private synchronized void remove(Step<?, ?> step) {
        if (step.linked) {
            unlink(step);
        }
    }

    private void unlink(Step<?, ?> step) {
        Step<?, ?> before = step.previous;
        Step<?, ?> after = step.next;
        if (unseen == step) {
            unseen = after;
        }
        if (heap != null) {
            heap.remove(step);
        } else if (pending == step) {
            pending = after;
        }
        if (before != null) {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        step.previous = null;
        step.next = null;
        step.linked = false;
    }

    synchronized boolean isEmpty() {
        return last == null;
    }

    /** Ends the timer and the list. Returns the last step that was in it; the others hang on its {@code previous}. */
    @Nullable Step<?, ?> close() {
        Step<?, ?> chain;
        Disposable armedTimer;
        synchronized (this) {
            closed = true;
            chain = last;
            for (Step<?, ?> step = chain; step != null; step = step.previous) {
                step.linked = false;
            }
            last = null;
            pending = null;
            unseen = null;
            if (heap != null) {
                heap.clear();
            }
            armedTimer = timer.armed();
        }
        LimitTimer.dispose(armedTimer);
        return chain;
    }

    /** Sees to it that a timer runs for the first. */
    private void arm() {
        Step<?, ?> step = first();
        if (step == null || step.limitNanos() == 0) {
            return;
        }
        long due = step.startedNanos + step.limitNanos();
        if (armed && due - armedForNanos >= 0) {
            return;
        }
        Disposable later = armed ? timer.armed() : null;
        int number = ++timerNumber;
        timer.arm(due - timer.nanos(), () -> fired(number));
        armed = true;
        armedForNanos = due;
        if (later != null) {
            later.dispose();
        }
    }

    /** On the timer's thread: nothing of the user's runs here. */
    private void fired(int number) {
        synchronized (this) {
            if (number != timerNumber) {
                return;
            }
            armed = false;
            Step<?, ?> step = first();
            if (closed || step == null || !isDueOrArmed(step)) {
                return;
            }
            firing = true;
        }
        timer.expire(this);
    }

    /** Whether the step, the first one, is due; if it is not, the timer is armed for it. Without a timer every step is due. */
    private boolean isDueOrArmed(Step<?, ?> step) {
        try {
            if (isPast(step)) {
                return true;
            }
            arm();
            return false;
        } catch (Throwable noTimer) {
            timer.failed(noTimer);
            return true;
        }
    }

    private boolean isPast(Step<?, ?> step) {
        long limitNanos = step.limitNanos();
        return limitNanos > 0 && step.startedNanos + limitNanos - timer.nanos() <= 0;
    }

    /** From now on every step that is in is due. */
    synchronized void expire() {
        expired = true;
    }

    /** Has the worker end them, if the time of all of them is up. */
    void expireIfDue() {
        if (isExpired()) {
            timer.expire(this);
        }
    }

    private synchronized boolean isExpired() {
        return expired;
    }

    /** The next step whose time is up, or null. It stays in until it has ended. */
    @Override
    public synchronized @Nullable Step<?, ?> takeDue() {
        firing = false;
        Step<?, ?> step = first();
        if (closed || step == null || (!expired && timer.failure() == null && !isDueOrArmed(step))) {
            return null;
        }
        if (heap == null) {
            pending = step.next;
        } else {
            heap.remove(step);
        }
        Step<?, ?> following = first();
        if (following != null && !expired && timer.failure() == null) {
            // Now, not when the next is taken: the body of this one may keep the thread.
            @SuppressWarnings("unused")
            boolean due = isDueOrArmed(following);
        }
        return step;
    }

    /** Whether a step waits to be taken. Called by the watch, with no effect. */
    @Override
    public synchronized boolean hasDue() {
        Step<?, ?> step = first();
        return !closed && step != null && (expired || timer.failure() != null || isDue(step));
    }

    private boolean isDue(Step<?, ?> step) {
        try {
            return isPast(step);
        } catch (Throwable noTime) {
            return true;
        }
    }

    /** Until a step has lived longer than the idle timeout its timer does for both. To be called before any step enters. */
    void defer() {
        deferred = true;
    }

    /** A step lives on that has been looked at. */
    synchronized void armIfNeeded() {
        if (!closed && !firing) {
            arm();
        }
    }

    /** The next that has not been looked at, if it started so long ago; it stays in. */
    synchronized @Nullable Step<?, ?> takeUnseen(long startedUntilNanos) {
        Step<?, ?> step = unseen;
        if (step == null || step.startedNanos - startedUntilNanos > 0) {
            return null;
        }
        unseen = step.next;
        return step;
    }

    /** The one that {@link #takeUnseen} would return next. */
    synchronized @Nullable Step<?, ?> firstUnseen() {
        return unseen;
    }

    /** Whether the timer has been disposed of; the steps are due then. */
    synchronized boolean isTimerLost() {
        return !closed && first() != null && armed && timer.isLost();
    }

    @Override
    public synchronized @Nullable Throwable timerFailure() {
        return timer.failure();
    }

    @Override
    public boolean isOfIdle() {
        return false;
    }
}
