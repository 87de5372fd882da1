package io.flotilla.step;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The permits of an engine with a limit, and those who wait for them.
 *
 * <p>{@link #free} is all there is as long as nobody waits: a permit is taken and given back with one atomic write each.
 *
 * <pre>
 * free  becomes  by
 * n     n - 1    one who takes a permit
 * n     n + 1    one who gives one back, or a grant that nobody wants any more
 * 0     -1       the first who waits, under the lock
 * -1    0        the last who waits gets a permit or leaves, under the lock
 * </pre>
 *
 * <p>While it is -1 nobody takes a permit past those who wait: what comes back goes to the next of them, under the lock. The
 * number of permits given out and not yet back is therefore never more than the limit, and none is free while somebody waits.
 *
 * <p>No code of the user's runs under the lock. A waiter that gets a permit is called by a {@link Lane} on a worker's thread, never
 * by the one who gave it back: a body that keeps its thread holds up nobody else's round. As many lanes work at a time as there
 * are processors; one that is kept does not count.
 *
 * <p>Thread-safe.
 */
final class FairPermits {

    private static final int WAITED_FOR = -1;
    private static final int MAX_LANES = Math.max(2, Runtime.getRuntime().availableProcessors());

    private final InFlightLimit limit;
    private final Supplier<Scheduler> worker;
    private final LongSupplier nanos;
    private volatile Meters meters = Meters.NONE;

    private volatile int free;

    // Guarded by this.
    private final FairQueue queue = new FairQueue();
    private final Deque<Waiter> called = new ArrayDeque<>();
    private int lanes;
    private final Deque<Waiter> watched = new ArrayDeque<>();
    private boolean watching;

    // Written under the lock.
    private volatile int waiting;
    private volatile boolean calling;

    private static final AtomicIntegerFieldUpdater<FairPermits> FREE =
            AtomicIntegerFieldUpdater.newUpdater(FairPermits.class, "free");

    /** Receives what is measured. Throws nothing. */
    interface Meters {
        Meters NONE = new Meters() {};

        default void waited(long nanos) {}

        default void rejected() {}
    }

    /** {@code worker}: where those who waited are called. */
    FairPermits(InFlightLimit limit, Supplier<Scheduler> worker, LongSupplier nanos) {
        this.limit = limit;
        this.worker = worker;
        this.nanos = nanos;
        this.free = limit.maxInFlight();
    }

    InFlightLimit limit() {
        return limit;
    }

    void meters(Meters receiver) {
        meters = receiver;
    }

    /** How many permits are out. */
    int inFlight() {
        return limit.maxInFlight() - Math.max(0, free);
    }

    /** How many rounds, runs and single steps wait. */
    int waiting() {
        return waiting;
    }

    // --- the permit travels with its step's context

    Context heldBy(Permit permit, Context context) {
        return context.put(this, permit);
    }

    @Nullable Permit heldIn(ContextView context) {
        return context.getOrDefault(this, null);
    }

    // --- taking and giving back

    boolean tryTake() {
        for (int now = free; now > 0; now = free) {
            if (FREE.compareAndSet(this, now, now - 1)) {
                return true;
            }
        }
        return false;
    }

    void giveBack() {
        for (int now = free; now >= 0; now = free) {
            if (FREE.compareAndSet(this, now, now + 1)) {
                return;
            }
        }
        boolean callOthers;
        synchronized (this) {
            callOthers = handOn();
        }
        if (callOthers) {
            addLane();
        }
    }

    /** Gives a permit that has come back to whom it is due. Under the lock; true if a lane has to be added. */
    private boolean handOn() {
        if (queue.size() == 0) {
            FREE.getAndIncrement(this);
            return false;
        }
        Waiter next = queue.next();
        next.grant();
        return served(next);
    }

    /** {@code waiter} has been given a permit. Under the lock; true if a lane has to be added. */
    private boolean served(Waiter waiter) {
        wantAtMost(waiter, waiter.wanted - 1);
        watch(waiter);
        return waiter.parked && call(waiter);
    }

    /** A loan has come back: to the next who waits for the same step, if there is one. */
    void giveBackTo(Permit lender) {
        boolean callOthers = false;
        boolean further = false;
        synchronized (this) {
            Waiter next = lender.nextBorrower();
            if (next == null) {
                further = lender.settle();
            } else {
                lender.removeBorrower(next);
                lender.addBorrower(next);
                next.grantLoan();
                callOthers = served(next);
            }
        }
        if (further) {
            lender.settled();
        }
        if (callOthers) {
            addLane();
        }
    }

    private void wantAtMost(Waiter waiter, int number) {
        if (waiter.queued) {
            waiter.wanted = number;
            if (number <= 0) {
                leaveQueue(waiter);
            }
        }
    }

    // --- waiting

    /** What has come, or will come, of what a waiter has waited for; REFUSED: nothing, it has got all of it. */
    Waiter.Wait expected(Waiter waiter) {
        synchronized (this) {
            if (waiter.grants() > 0) {
                return Waiter.Wait.GRANTED;
            }
            if (!waiter.queued) {
                return Waiter.Wait.REFUSED;
            }
            Permit parent = waiter.parent();
            if (parent == null || !parent.lend()) {
                return Waiter.Wait.WAITING;
            }
            waiter.grantLoan();
            wantAtMost(waiter, waiter.wanted - 1);
            return Waiter.Wait.GRANTED;
        }
    }

    Waiter.Wait await(Waiter waiter, int number) {
        synchronized (this) {
            if (waiter.closed) {
                return Waiter.Wait.WAITING; // for ever: nothing more is started
            }
            int there = waiter.grants();
            if (there == 0 && grantsNow(waiter)) {
                there = 1;
            }
            if (there > 0) {
                wantAtMost(waiter, number - there);
                return Waiter.Wait.GRANTED;
            }
            if (!waiter.admitted && queue.size() >= limit.maxQueued()) {
                stopWaitingIfNobody();
                return Waiter.Wait.REFUSED;
            }
            waiter.admitted = true;
            waiter.wanted = number;
            waiter.parked = true;
            enterQueue(waiter);
            return Waiter.Wait.WAITING;
        }
    }

    /** Under the lock. If false, {@link #free} is -1: whoever gives back comes under the lock too. */
    private boolean grantsNow(Waiter waiter) {
        Permit parent = waiter.parent();
        if (parent != null && parent.lend()) {
            waiter.grantLoan();
            return true;
        }
        for (; ; ) {
            int now = free;
            if (now == WAITED_FOR || (now == 0 && FREE.compareAndSet(this, 0, WAITED_FOR))) {
                return false;
            }
            if (now > 0 && FREE.compareAndSet(this, now, now - 1)) {
                waiter.grant();
                return true;
            }
        }
    }

    private void enterQueue(Waiter waiter) {
        if (!waiter.queued) {
            waiter.queued = true;
            queue.add(waiter);
            waiting = queue.size();
            Permit parent = waiter.parent();
            if (parent != null) {
                parent.addBorrower(waiter);
            }
        }
    }

    private void leaveQueue(Waiter waiter) {
        waiter.wanted = 0;
        if (waiter.queued) {
            waiter.queued = false;
            queue.remove(waiter);
            waiting = queue.size();
            Permit parent = waiter.parent();
            if (parent != null) {
                parent.removeBorrower(waiter);
            }
            stopWaitingIfNobody();
        }
    }

    private void stopWaitingIfNobody() {
        if (queue.size() == 0 && free == WAITED_FOR) {
            free = 0;
        }
    }

    void close(Waiter waiter) {
        int unwanted;
        boolean loan;
        synchronized (this) {
            waiter.parked = false;
            leaveQueue(waiter);
            unwanted = waiter.takeGrants();
            loan = waiter.takeLoan();
        }
        giveBack(unwanted, loan ? waiter.parent() : null);
    }

    private void giveBack(int number, @Nullable Permit lender) {
        for (int permit = 0; permit < number; permit++) {
            giveBack();
        }
        if (lender != null) {
            giveBackTo(lender);
        }
    }

    void wantLess(Waiter waiter) {
        boolean unwanted = false;
        boolean loan = false;
        boolean callOthers;
        synchronized (this) {
            if (waiter.closed) {
                return;
            }
            if (waiter.wanted > 1) {
                waiter.wanted--;
            } else if (waiter.wanted == 1) {
                leaveQueue(waiter);
            } else {
                unwanted = waiter.takeGrant();
                loan = !unwanted && waiter.takeLoan();
            }
            callOthers = waiter.parked && call(waiter);
        }
        giveBack(unwanted ? 1 : 0, loan ? waiter.parent() : null);
        if (callOthers) {
            addLane();
        }
    }

    // --- calling those who waited

    /** Under the lock; true if a lane has to be added. */
    private boolean call(Waiter waiter) {
        waiter.parked = false;
        waiter.called = true;
        called.add(waiter);
        calling = true;
        if (lanes >= MAX_LANES) {
            return false;
        }
        lanes++;
        return true;
    }

    private void addLane() {
        Calls lane = new Calls();
        try {
            worker.get().schedule(lane);
        } catch (Throwable noWorker) {
            Starter.rescue(lane);
        }
    }

    /** Calls those who waited, one after another. */
    private final class Calls extends Lane {

        /** Its thread is kept: another lane has its place. Guarded by the permits. */
        private boolean kept;

        @Override
        boolean advance() {
            Waiter next;
            synchronized (FairPermits.this) {
                next = called.poll();
                if (next != null) {
                    next.called = false;
                }
                calling = !called.isEmpty();
                if (next == null) {
                    if (!kept) {
                        kept = true;
                        lanes--;
                    }
                    return false;
                }
            }
            looks = 0;
            try {
                next.resume();
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown);
            }
            return true;
        }

        @Override
        boolean isAwaited() {
            return calling;
        }

        @Override
        void overdue() {
            synchronized (FairPermits.this) {
                if (kept) {
                    lanes++;
                } // else its place is the other's
                kept = true;
            }
            new Calls().run();
        }
    }

    // --- permits that nobody comes for

    /**
     * A waiter that is starting a step may be given further permits meanwhile: it is to have its turns. If the body keeps its
     * thread, they are given to others after {@link Lane#PATIENCE} looks. Under the lock.
     */
    private void watch(Waiter waiter) {
        if (!waiter.watched) {
            waiter.watched = true;
            waiter.looks = 0;
            watched.add(waiter);
        }
        if (!watching) {
            watching = true;
            CallWatch.watchLong(untaken);
        }
    }

    private final EngineClock.Watched untaken = new EngineClock.Watched() {
        @Override
        public boolean isOverdue(long nanos) {
            lookAtAll();
            return false;
        }

        @Override
        public void overdue() {}
    };

    /** On the watch's thread. */
    private void lookAtAll() {
        synchronized (this) {
            for (int left = watched.size(); left > 0; left--) {
                Waiter waiter = watched.remove();
                if (waiter.called || waiter.seenTakes != waiter.takes) { // not its owner's fault if no thread is free
                    waiter.seenTakes = waiter.takes;
                    waiter.looks = 0;
                }
                waiter.looks++;
                waiter.watched = waiter.grants() > 0 && waiter.looks < Lane.PATIENCE;
                if (waiter.watched) {
                    watched.add(waiter);
                } else if (waiter.grants() > 0) {
                    leaveQueue(waiter);
                    int unwanted = waiter.takeGrants();
                    Permit lender = waiter.takeLoan() ? waiter.parent() : null;
                    Starter.rescue(() -> giveBack(unwanted, lender));
                }
            }
            if (watched.isEmpty()) {
                watching = false;
                CallWatch.forget(untaken);
            }
        }
    }

    // --- what is measured

    long nanos() {
        try {
            return nanos.getAsLong();
        } catch (Throwable noTime) {
            return System.nanoTime();
        }
    }

    void waited(long duration) {
        meters.waited(Math.max(0, duration));
    }

    StepRejectedException rejected() {
        meters.rejected();
        return new StepRejectedException(
                StepRejectedException.IN_FLIGHT_LIMIT,
                inFlight() + " of " + limit.maxInFlight() + " steps in flight, " + waiting + " of at most "
                        + limit.maxQueued() + " queued",
                null);
    }
}
