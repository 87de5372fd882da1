package io.flotilla.step;

import io.flotilla.internal.KeptThread;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What a step in flight holds, under an engine's limit. A step lends it to the steps it waits for, one at a time: so a step
 * that waits for its own inner round does not keep what the inner round needs, at any depth.
 *
 * <pre>
 * state       becomes     by
 * HELD        LENT        an inner waiter takes the loan
 * LENT        HELD        the inner step has ended, and no inner waiter waits
 * HELD        ENDED       the step has ended: the permit goes back where it came from
 * LENT        ENDED_LENT  the step has ended before the inner one, which holds the permit now
 * ENDED_LENT  ENDED       the inner step has ended: as above
 * </pre>
 */
final class Permit {

    private static final int HELD = 0;
    private static final int LENT = 1;
    private static final int ENDED_LENT = 2;
    private static final int ENDED = 3;

    private final FairPermits permits;

    /** Where it came from: null for the engine's own, else the permit of the step that waits for this one. */
    private final @Nullable Permit lender;

    /** Of the step that waits for the one that holds this, as far as is known. */
    private final @Nullable Permit parent;

    /** How many steps wait for the one that holds it, as far as is known. */
    final int depth;

    /** How many waiters wait for permits on its behalf, or on behalf of those that its step waits for. */
    private volatile int waitingBelow;

    /** When the last of them has waited, on the engine's timer; 0 if none has. */
    private volatile long waitedUntilNanos;

    private volatile int state;

    /** Those who wait for the loan; guarded by the engine's permits. */
    private @Nullable Set<Waiter> borrowers;

    private static final AtomicIntegerFieldUpdater<Permit> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Permit.class, "state");

    private static final AtomicIntegerFieldUpdater<Permit> WAITING_BELOW =
            AtomicIntegerFieldUpdater.newUpdater(Permit.class, "waitingBelow");

    /** {@code parent} is the permit of the step that waits for this one, whether it lends or not. */
    Permit(FairPermits permits, @Nullable Permit lender, @Nullable Permit parent) {
        this.permits = permits;
        this.lender = lender;
        this.parent = parent;
        this.depth = parent == null ? 0 : parent.depth + 1;
    }

    /** The step has ended. Only the first call counts. */
    void end() {
        for (; ; ) {
            int now = state;
            if (now == HELD && STATE.compareAndSet(this, HELD, ENDED)) {
                giveBack();
                return;
            }
            if (now == ENDED || now == ENDED_LENT || (now == LENT && STATE.compareAndSet(this, LENT, ENDED_LENT))) {
                return;
            }
        }
    }

    /**
     * The step is being cancelled: ends when {@code cancel} has returned, or keeps its thread, see {@link KeptThread}. One that the machine
     * has no time for keeps nothing: what it cancels may still be at work, and the next step would be one too many.
     */
    void endAfter(Runnable cancel) {
        EngineClock.Watched overdue = new EngineClock.Watched() {
            private final KeptThread thread = new KeptThread();

            @Override
            public boolean isOverdue(long nanos) {
                return thread.isKept();
            }

            @Override
            public void overdue() {
                end();
            }
        };
        CallWatch.watch(overdue);
        try {
            cancel.run();
        } finally {
            CallWatch.forget(overdue);
            end();
        }
    }

    private void giveBack() {
        if (lender == null) {
            permits.giveBack();
        } else {
            permits.giveBackTo(lender);
        }
    }

    /** True for the one who takes the loan. */
    boolean lend() {
        return state == HELD && STATE.compareAndSet(this, HELD, LENT);
    }

    // --- a step that waits for one that waits

    /** An inner waiter waits. */
    void innerWaits() {
        for (Permit outer = this; outer != null; outer = outer.parent) {
            WAITING_BELOW.incrementAndGet(outer);
        }
    }

    /** It has waited until {@code nanos}: the step was not silent meanwhile. */
    void innerHasWaited(long nanos) {
        for (Permit outer = this; outer != null; outer = outer.parent) {
            outer.waitedUntilNanos = nanos; // first: who looks sees one or the other
            WAITING_BELOW.decrementAndGet(outer);
        }
    }

    /** The last sign of life of the step that holds it, which has given one itself at {@code own}: it waits, or has waited. */
    long lastSignNanos(long own) {
        if (waitingBelow > 0) {
            return permits.nanos();
        }
        long waited = waitedUntilNanos;
        return waited == 0 || waited - own < 0 ? own : waited;
    }

    // --- guarded by the engine's permits

    /** The loan has come back: the borrower who gets it next, or null. */
    @Nullable Waiter nextBorrower() {
        return state == LENT && borrowers != null && !borrowers.isEmpty()
                ? borrowers.iterator().next()
                : null;
    }

    /** The loan has come back, and nobody takes it. True if it is to go back further. */
    boolean settle() {
        return !STATE.compareAndSet(this, LENT, HELD) && STATE.compareAndSet(this, ENDED_LENT, ENDED);
    }

    /** To be called after {@link #settle()} said so. */
    void settled() {
        giveBack();
    }

    void addBorrower(Waiter waiter) {
        if (borrowers == null) {
            borrowers = new LinkedHashSet<>(2);
        }
        borrowers.add(waiter);
    }

    void removeBorrower(Waiter waiter) {
        if (borrowers != null) {
            borrowers.remove(waiter);
        }
    }
}
