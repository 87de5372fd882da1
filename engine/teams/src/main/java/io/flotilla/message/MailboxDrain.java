package io.flotilla.message;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The drain loop of a mailbox: takes one message after another, under the mailbox's lock, and has it handled without.
 *
 * <p>At most one thread drains: the one for whom {@link #draining} was set. It has a {@link #turn}; if a handler keeps its
 * thread, the turn is taken from it, and the thread finds so when it is back.
 */
final class MailboxDrain implements WorkerPool.Drain, Runnable {

    /** Messages of one mailbox in a row, before others have the thread. */
    private static final int BATCH = 64;

    private final MailboxCore mailbox;

    // --- guarded by the mailbox

    private boolean draining;
    private long turn;
    private @Nullable Thread drainer;

    /** What the draining thread has called and not returned from, whether it has ended or not. */
    private @Nullable Handling entered;

    MailboxDrain(MailboxCore mailbox) {
        this.mailbox = mailbox;
    }

    /** What the draining thread does next. */
    static final class DrainStep {
        private boolean stops;
        private boolean goesOn;
        private boolean finishes;
        private @Nullable Handling inFlight;

        @Nullable Handling handling;

        @Nullable Receiving receiver;

        @Nullable Envelope received;

        @Nullable List<MailboxQueue.Waiter> admitted;

        /** One object serves all steps of a drain. */
        private void clear() {
            stops = false;
            goesOn = false;
            finishes = false;
            inFlight = null;
            handling = null;
            receiver = null;
            received = null;
            admitted = null;
        }
    }

    /** Under the lock: whether there is work and nobody at it; then the caller has to schedule this. */
    boolean mustStart() {
        if (draining || !mailbox.hasWork()) {
            return false;
        }
        draining = true;
        return true;
    }

    @Override
    public void run() {
        Thread thread = Thread.currentThread();
        WorkerPool.Worker worker = thread instanceof WorkerPool.Worker own ? own : null;
        DrainStep step = new DrainStep();
        long mine;
        synchronized (mailbox) {
            mine = ++turn;
            drainer = thread;
            next(step, null, false);
        }
        if (worker != null) {
            worker.enter(this);
        }
        try {
            drain(mine, step, worker);
        } finally {
            if (worker != null) {
                worker.enter(null);
            }
        }
    }

    /** One message after another; a step is taken under the lock, and what it says is done without. */
    private void drain(long mine, DrainStep step, WorkerPool.@Nullable Worker worker) {
        for (int count = 1; doStep(step, worker); count++) {
            Handling last = step.handling;
            step.clear();
            synchronized (mailbox) {
                if (turn != mine) {
                    clearInterrupt();
                    return;
                }
                next(step, last, count == BATCH);
            }
        }
    }

    /** False if it was the last one. */
    private boolean doStep(DrainStep step, WorkerPool.@Nullable Worker worker) {
        if (step.finishes) {
            mailbox.finish();
        }
        mailbox.sends.accepted(step.admitted);
        if (step.stops) {
            if (step.inFlight != null) {
                step.inFlight.arm();
            }
            if (step.goesOn) {
                mailbox.schedule();
            }
            return false;
        }
        if (worker != null) {
            worker.call();
        }
        if (step.handling != null) {
            step.handling.start();
        } else if (step.receiver != null) {
            receive(step.receiver, step.received);
        }
        clearInterrupt();
        return true;
    }

    /** Under the lock. */
    private void next(DrainStep step, @Nullable Handling last, boolean enough) {
        entered = null;
        if (last != null && last.isDone && !last.isSettled) {
            step.finishes = mailbox.settle(last, null);
        }
        step.goesOn = mailbox.hasWork();
        if (!step.goesOn || enough) {
            step.stops = true;
            step.inFlight = last != null && !last.isSettled ? last : null;
            draining = step.goesOn;
            drainer = null;
            turn++;
        } else {
            mailbox.take(step);
            entered = step.handling;
        }
    }

    /** Hands a message to the subscriber, or, without one, tells it the end. */
    private void receive(Receiving to, @Nullable Envelope envelope) {
        if (envelope == null) {
            to.end();
        } else if (mailbox.isExpired(envelope)) {
            mailbox.received(envelope, DeadLetter.Reason.EXPIRED, false);
        } else {
            mailbox.received(envelope, null, !to.next(envelope));
        }
    }

    /** What a handler has left behind is not the next one's. */
    @SuppressWarnings("ResultOfMethodCallIgnored")
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    /** Under the lock: if the draining thread is still in the call of this message, it drains no more. */
    @SuppressWarnings("ReferenceEquality")
    void takeTurn(Handling message) {
        if (entered == message) {
            entered = null;
            turn++;
            draining = false;
            if (drainer instanceof WorkerPool.Worker) {
                drainer.interrupt(); // our own thread; what it leaves behind is cleared when it is back
            }
            drainer = null;
        }
    }

    @Override
    public long limitNanos() {
        Handling current;
        synchronized (mailbox) {
            current = entered;
        }
        if (current != null && mailbox.isExpired(current.envelope)) {
            return 1;
        }
        return mailbox.handlerTimeout == null ? 0 : mailbox.handlerTimeout.toNanos();
    }

    @Override
    public void takeOver(WorkerPool.Worker kept) {
        Handling stuck;
        boolean wakes = false;
        synchronized (mailbox) {
            stuck = entered;
            if (stuck == null || drainer != kept) {
                return;
            }
            if (stuck.isSettled) { // it has ended, and keeps the thread all the same
                takeTurn(stuck);
                wakes = mustStart();
            }
        }
        if (wakes) {
            mailbox.schedule();
        }
        mailbox.abort(
                stuck,
                mailbox.isExpired(stuck.envelope) ? DeadLetter.Reason.EXPIRED : DeadLetter.Reason.HANDLER_TIMED_OUT);
    }
}
