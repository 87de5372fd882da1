package io.flotilla.step;

import io.flotilla.internal.BlockingLevel;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * One who takes permits for steps, and waits for them: a round, a run or a single step.
 *
 * <p>Its owner starts the steps, one thread at a time. It tries to {@link #acquire}; if there is no permit, it says how many it
 * wants, {@link #await}, and leaves with that role: {@code resume} is called on another thread when a permit is there, once,
 * and goes on with the role. Meanwhile more permits may come; the owner takes those too before it awaits again.
 */
final class Waiter {

    /** What comes of waiting. */
    enum Wait {
        /** A permit has just come: try again. */
        GRANTED,
        /** The owner is called. */
        WAITING,
        /** A function of the user's has held the thread, and another has taken over: the owner does nothing more on this one. */
        HELD,
        /** The queue is full. */
        REFUSED
    }

    private final FairPermits permits;
    private final ContextView context;
    private final @Nullable Permit parent;
    private final Runnable resume;
    private final Runnable takeOver;

    private volatile InFlightLimit.@Nullable Line line;

    /** Nothing more is to be started. */
    volatile boolean closed;

    // The owner's own.

    /** It has waited, or is about to. */
    private volatile boolean involved;

    /** How many permits it has taken. */
    volatile int takes;

    /** It may be in the queue, or have been given what it has not taken. */
    private boolean isExpecting;

    /** It has had a permit, or a place in the queue: it is not refused any more. */
    boolean admitted;

    private boolean isWaiting;
    private long waitingSinceNanos;

    // Guarded by the permits.

    boolean queued;

    /** The owner is to be called. */
    boolean parked;

    /** The owner is about to be called. */
    boolean called;

    /** What has been given to it is watched until it takes it; since when, in looks, and what it had taken then. */
    boolean watched;

    int looks;

    int seenTakes;

    /** How many permits it wants besides those it has been given. */
    int wanted;

    /** Permits that the owner has not taken yet; raised under the lock. */
    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile int granted;

    /** The same, of the parent's loan: 0 or 1. */
    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile int lent;

    /** 1 while the steps that wait for it know that it waits itself. */
    private volatile int saidAbove;

    private static final AtomicIntegerFieldUpdater<Waiter> SAID =
            AtomicIntegerFieldUpdater.newUpdater(Waiter.class, "saidAbove");

    private static final AtomicIntegerFieldUpdater<Waiter> GRANTS =
            AtomicIntegerFieldUpdater.newUpdater(Waiter.class, "granted");

    private static final AtomicIntegerFieldUpdater<Waiter> LOANS =
            AtomicIntegerFieldUpdater.newUpdater(Waiter.class, "lent");

    /**
     * {@code thread}: a body that blocks on the thread that asked for the steps. {@code takeOver} goes on for a thread that is
     * {@link Wait#HELD}.
     */
    Waiter(
            FairPermits permits,
            ContextView context,
            @Nullable BlockingLevel thread,
            Runnable resume,
            Runnable takeOver) {
        this.permits = permits;
        this.context = context;
        this.parent = deeper(permits.heldIn(context), thread == null ? null : permits.heldIn(thread.step()));
        this.resume = resume;
        this.takeOver = takeOver;
    }

    /**
     * Of the step that a context was made for, and of the one whose body keeps the thread: the inner one is who waits. A body
     * that blocks hands on no context; a step that is started on its thread has one.
     */
    private static @Nullable Permit deeper(@Nullable Permit inContext, @Nullable Permit onThread) {
        if (inContext == null || (onThread != null && onThread.depth > inContext.depth)) {
            return onThread;
        }
        return inContext;
    }

    // --- for the owner

    /** A permit for a step that is started now; null if there is none. */
    @Nullable Permit acquire() {
        while (isExpecting) {
            if (take(LOANS)) {
                return taken(new Permit(permits, parent, parent));
            }
            if (take(GRANTS)) {
                return taken(new Permit(permits, null, parent));
            }
            // What it has asked for counts first: it would be one too many otherwise.
            Wait expected = permits.expected(this);
            if (expected == Wait.WAITING) {
                return null;
            }
            isExpecting = expected == Wait.GRANTED;
        }
        return free();
    }

    private @Nullable Permit free() {
        if (parent != null && parent.lend()) {
            return taken(new Permit(permits, parent, parent));
        }
        return permits.tryTake() ? taken(new Permit(permits, null, parent)) : null;
    }

    private boolean take(AtomicIntegerFieldUpdater<Waiter> some) {
        int there = some.get(this);
        while (there > 0) {
            if (some.compareAndSet(this, there, there - 1)) {
                return true;
            }
            there = some.get(this);
        }
        return false;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // by the owner only
    private Permit taken(Permit permit) {
        admitted = true;
        takes++;
        if (isWaiting) {
            isWaiting = false;
            permits.waited(permits.nanos() - waitingSinceNanos);
        }
        return permit;
    }

    /** Waits for {@code number} permits, 1 or more; what it has waited for before counts no more. */
    Wait await(int number) {
        if (line == null && !new Classification(this).isDone()) {
            return Wait.HELD;
        }
        isWaiting = true; // before it is parked: whoever calls it may be faster than this thread
        isExpecting = true;
        involved = true;
        waitingSinceNanos = permits.nanos();
        beginWait();
        Wait wait = permits.await(this, number);
        if (wait != Wait.WAITING) {
            isWaiting = false;
            endWait();
        }
        return wait;
    }

    /** The step that waits for those of the owner is not silent meanwhile. */
    private void beginWait() {
        if (parent != null && SAID.compareAndSet(this, 0, 1)) {
            parent.innerWaits();
            if (closed) {
                endWait();
            }
        }
    }

    private void endWait() {
        if (parent != null && saidAbove != 0 && SAID.compareAndSet(this, 1, 0)) {
            parent.innerHasWaited(permits.nanos());
        }
    }

    /** Nothing more is to be started, whoever says so: leaves the queue, and gives back what the owner has not taken. */
    void close() {
        closed = true;
        endWait();
        if (involved) { // else it waits for nothing, and if it is about to, it sees that it is closed
            permits.close(this);
        }
    }

    /** The owner starts nothing more. */
    void finish() {
        if (isExpecting) {
            close();
        }
    }

    /** One step less is to be started, whoever says so. The owner is called, to see what is left. */
    void wantLess() {
        permits.wantLess(this);
    }

    // --- for the permits

    InFlightLimit.Line line() {
        InFlightLimit.Line known = line;
        return known == null ? InFlightLimit.Line.DEFAULT : known;
    }

    void queueIn(InFlightLimit.Line decided) {
        line = decided;
    }

    FairPermits permits() {
        return permits;
    }

    ContextView context() {
        return context;
    }

    @Nullable Permit parent() {
        return parent;
    }

    int grants() {
        return granted + lent;
    }

    void grant() {
        GRANTS.incrementAndGet(this);
    }

    void grantLoan() {
        LOANS.incrementAndGet(this);
    }

    /** What the owner has not taken. */
    int takeGrants() {
        return GRANTS.getAndSet(this, 0);
    }

    boolean takeLoan() {
        return LOANS.getAndSet(this, 0) > 0;
    }

    boolean takeGrant() {
        return take(GRANTS);
    }

    void resume() {
        endWait();
        resume.run();
    }

    void takeOver() {
        takeOver.run();
    }
}
