package io.flotilla.step;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The steps of a round that did not end at once, in the order they started: whom a cancel goes to, and whose time is up.
 *
 * <p>All steps of a round have the same limit, so the one that started first is due first, and one timer, armed for the
 * head of the list, does for all of them. It is armed when the first step enters; when it fires too early, because the
 * head has ended meanwhile, it is armed again for the new head: about once a limit, not once a step. Entering and leaving
 * is a few writes under a lock whatever the number in flight, and a step that ends while it is being started never enters.
 */
final class InFlight {

    private final Round<?, ?> round;
    private final long limitNanos;
    private @Nullable Step<?, ?> first;
    private @Nullable Step<?, ?> last;
    private @Nullable Disposable timer;
    private boolean armed;
    private boolean closed;

    /** {@code limitNanos} 0: no limit. */
    InFlight(Round<?, ?> round, long limitNanos) {
        this.round = round;
        this.limitNanos = limitNanos;
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
            step.listed = true; // before the look at its state: a step that ends now sees the mark and leaves after us
            if (!step.isActive()) {
                return true;
            }
            step.previous = last;
            if (last == null) {
                first = step;
            } else {
                last.next = step;
            }
            last = step;
            step.linked = true;
            if (limitNanos > 0 && !armed) {
                try {
                    armFor(step);
                } catch (RejectedExecutionException disposed) {
                    unlink(step);
                    throw disposed;
                }
            }
            return true;
        }
    }

    /** Lets a step out; it need not be in. */
    synchronized void leave(Step<?, ?> step) {
        if (step.linked) {
            unlink(step);
        }
    }

    private void unlink(Step<?, ?> step) {
        Step<?, ?> before = step.previous;
        Step<?, ?> after = step.next;
        if (before == null) {
            first = after;
        } else {
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

    /** Ends the timer and the list. Returns the first step that was in it; the others hang on its {@code next}. */
    @Nullable Step<?, ?> close() {
        Step<?, ?> chain;
        Disposable armedTimer;
        synchronized (this) {
            closed = true;
            chain = first;
            for (Step<?, ?> step = chain; step != null; step = step.next) {
                step.linked = false;
            }
            first = null;
            last = null;
            armedTimer = timer;
            timer = null;
        }
        if (armedTimer != null) {
            armedTimer.dispose();
        }
        return chain;
    }

    private void armFor(Step<?, ?> step) {
        long delay = Math.max(0, step.startedNanos + limitNanos - round.nanos());
        timer = round.schedulers.timer().schedule(this::fired, delay, TimeUnit.NANOSECONDS);
        armed = true;
    }

    /** On the timer's thread: nothing of the user's runs here. */
    private void fired() {
        Step<?, ?> due;
        synchronized (this) {
            armed = false;
            if (closed) {
                return;
            }
            due = unlinkDue();
            if (first != null) {
                armFor(first);
            }
        }
        if (due != null) {
            round.timeOut(due);
        }
    }

    /** Takes out the steps whose time is up; the others of the chain hang on {@code next} of the first. */
    private @Nullable Step<?, ?> unlinkDue() {
        long now = round.nanos();
        Step<?, ?> due = null;
        Step<?, ?> lastDue = null;
        while (first != null && first.startedNanos + limitNanos - now <= 0) {
            Step<?, ?> step = first;
            unlink(step);
            if (lastDue == null) {
                due = step;
            } else {
                lastDue.next = step;
            }
            lastDue = step;
        }
        return due;
    }
}
