package io.flotilla.step;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * The steps of a run or of a stream of pairs that wait for permits, in the order they came. One thread at a time starts them:
 * who brings a step, or a worker that a permit has come to; whoever else comes meanwhile leaves his step to that one.
 *
 * <p>As many steps wait as their source is asked for: a run's or round's concurrency.
 */
final class PendingSteps<I, O> {

    private final Steps<I, O> steps;
    private final Waiter waiter;

    // Guarded by this.
    private final Set<Step<I, O>> pending = new LinkedHashSet<>();
    private boolean starting;
    private boolean missed;

    /** The thread that starts them is one that brought a step. */
    private boolean bringer;

    PendingSteps(Steps<I, O> steps, FairPermits permits, Context context) {
        this.steps = steps;
        this.waiter = steps.newWaiter(permits, context, () -> startAll(false), steps.owner::resumeStarting);
    }

    /** Starts a step now or later; false as for {@link Starter#start}: then this thread brings no more. */
    boolean start(Step<I, O> step) {
        synchronized (this) {
            pending.add(step);
        }
        return startAll(true);
    }

    /** Cancels a step on the thread that brings steps; false as for {@link Starter#cancel}. */
    boolean cancel(Step<I, O> step) {
        synchronized (this) {
            if (starting) {
                Cancels.unawaited(step::cancel); // the other thread may be held by a body
                return true;
            }
            starting = true;
            bringer = true;
        }
        return steps.cancel(step) && startAll();
    }

    /** A step has been cancelled; it may be one that waits. */
    void cancelled(Step<?, ?> step) {
        boolean waited;
        synchronized (this) {
            waited = pending.remove(step);
        }
        if (waited) {
            waiter.wantLess();
        }
    }

    /** Nothing more is to be started. */
    void close() {
        synchronized (this) {
            pending.clear();
        }
        waiter.close();
    }

    /** Another thread goes on, since a body or a cancel handler holds the one that starts steps; true if that one brought a step. */
    boolean takeOver() {
        boolean brought;
        synchronized (this) {
            brought = bringer;
            bringer = false;
        }
        return brought;
    }

    /** Whether a step waits for a permit. */
    synchronized boolean isPending(Step<I, O> step) {
        return pending.contains(step);
    }

    private boolean startAll(boolean brings) {
        synchronized (this) {
            if (starting) {
                missed = true;
                return true;
            }
            starting = true;
            bringer = brings;
        }
        return startAll();
    }

    /** With the role; false if another thread has it now. To be called after {@link #takeOver()}. */
    boolean startAll() {
        for (; ; ) {
            int left = left();
            if (left == 0) {
                return true;
            }
            boolean skipped = steps.owner.passedRoundTimeout() != null; // nothing is called any more
            Permit permit = skipped ? null : waiter.acquire();
            Throwable refusal = null;
            if (permit == null && !skipped) {
                Waiter.Wait wait = waiter.await(left);
                if (wait == Waiter.Wait.GRANTED) {
                    continue;
                }
                if (wait == Waiter.Wait.WAITING) {
                    boolean gone = leave();
                    steps.owner.waitsForPermits();
                    if (steps.owner.passedRoundTimeout() != null) {
                        waiter.wantLess(); // its time was up meanwhile
                    }
                    if (gone) {
                        return true;
                    }
                    continue;
                }
                if (wait == Waiter.Wait.HELD) {
                    return false;
                }
                refusal = waiter.permits().rejected();
            }
            Step<I, O> next = poll();
            if (next == null) { // cancelled meanwhile
                if (permit != null) {
                    permit.end();
                }
            } else if (!steps.start(next, permit, refusal)) {
                return false;
            }
        }
    }

    /** How many steps there are to start; if none, the role is free. */
    private synchronized int left() {
        missed = false;
        starting = !pending.isEmpty();
        return pending.size();
    }

    /** Leaves with permits to come; false if there is something new. */
    private synchronized boolean leave() {
        starting = missed;
        missed = false;
        return !starting;
    }

    private synchronized @Nullable Step<I, O> poll() {
        Iterator<Step<I, O>> first = pending.iterator();
        if (!first.hasNext()) {
            return null;
        }
        Step<I, O> next = first.next();
        first.remove();
        return next;
    }
}
