package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.step.SimulationThread;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The line in front of a journal: every run that writes to it stands in this one, whatever its workflow.
 *
 * <p>An append that is <em>admitted</em> is encoded and handed to the journal. At most {@value #MAX_APPENDS} are admitted at a
 * time, and none while those that are have {@value #MAX_BYTES} bytes of payload or more. The others wait in the order they
 * came and are not encoded yet, so they hold no memory but that of the facts they will write; a run has one append at a time.
 * They are admitted one after another, each when the one before it is encoded.
 *
 * <p>A journal may have less room than that: it refuses an append with {@link
 * io.flotilla.journal.JournalOverloadedException}. Then the append keeps its place and is tried again, before any that
 * came later: when the journal has completed another one, or, if it has none of ours, after a delay of {@value
 * #MIN_DELAY_MS} ms that doubles up to {@value #MAX_DELAY_MS} ms. How many are tried at once is halved with every refusal and
 * grows by one with every success, so the journal is soon asked for what it has room for.
 *
 * <p>Nothing of a run is called while the lock is held, and calls go through the run's own worker. Thread-safe.
 */
final class AppendQueue {

    static final int MAX_APPENDS = 1_000;
    static final long MAX_BYTES = 16L * 1024 * 1024;
    static final long MIN_DELAY_MS = 1;
    static final long MAX_DELAY_MS = 100;

    /** A queue refers to its journal through waiting appends only. */
    private static final PerJournal<AppendQueue> QUEUES = new PerJournal<>(AppendQueue::new);

    private enum State {
        OUTSIDE,
        WAITING,
        ADMITTED,
        REFUSED
    }

    /** Somebody who has something to append, one thing at a time. */
    abstract static class Ticket {

        // Guarded by the queue.
        private State state = State.OUTSIDE;
        private long number;
        private long bytes;

        /** It is this one's turn to encode what it has, to {@link #weigh} it and to hand it to the journal. */
        abstract void admitted();

        /** To hand it to the journal once more. */
        abstract void tryAgain();

        /** Runs a task after a delay, or throws. */
        abstract void after(Duration delay, Runnable task);

        /** It cannot be tried again. */
        abstract void failed(Throwable cause);
    }

    // Guarded by this.
    private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
    private final PriorityQueue<Ticket> refused =
            new PriorityQueue<>(Comparator.comparingLong(ticket -> ticket.number));
    private @Nullable Ticket encoding;
    private int admitted;
    private long bytes;
    private int window = MAX_APPENDS;
    private long numbers;
    private long delayMs = MIN_DELAY_MS;
    private boolean timed;
    private long timedAtNanos;

    private volatile long completed;

    static AppendQueue of(Journal journal) {
        return QUEUES.of(journal);
    }

    /** How many appends the journal has completed: whether it makes progress. */
    long completed() {
        return completed;
    }

    /** True if the ticket is admitted at once; else {@link Ticket#admitted} will be called. */
    boolean enter(Ticket ticket) {
        Runnable next;
        synchronized (this) {
            ticket.number = numbers++;
            ticket.bytes = 0;
            if (waiting.isEmpty() && encoding == null && hasRoom()) {
                ticket.state = State.ADMITTED;
                admitted++;
                return true;
            }
            ticket.state = State.WAITING;
            waiting.add(ticket);
            next = next();
        }
        next.run();
        return false;
    }

    private boolean hasRoom() {
        return refused.isEmpty() && admitted < window && bytes < MAX_BYTES;
    }

    /** Whether it is the journal's turn. */
    synchronized boolean isAdmitted(Ticket ticket) {
        return ticket.state == State.ADMITTED;
    }

    /** What an admitted ticket has to append is that large. */
    void weigh(Ticket ticket, long payloadBytes) {
        Runnable next;
        synchronized (this) {
            if (ticket.state != State.ADMITTED) {
                return;
            }
            ticket.bytes = payloadBytes;
            bytes += payloadBytes;
            if (!ticket.equals(encoding)) {
                return;
            }
            encoding = null;
            next = next();
        }
        next.run();
    }

    /** The journal has completed it, or nobody waits for it any more. */
    void leave(Ticket ticket, boolean success) {
        Runnable next;
        synchronized (this) {
            if (success) {
                completed++;
                window = Math.min(MAX_APPENDS, window + 1);
                delayMs = MIN_DELAY_MS;
            }
            if (ticket.state == State.WAITING) {
                waiting.remove(ticket);
            } else if (ticket.state != State.OUTSIDE) {
                refused.remove(ticket);
                admitted--;
                bytes -= ticket.bytes;
                if (ticket.equals(encoding)) {
                    encoding = null;
                }
            }
            ticket.state = State.OUTSIDE;
            next = next();
        }
        next.run();
    }

    /** The journal has no room for it now. */
    void refuse(Ticket ticket) {
        Runnable next;
        synchronized (this) {
            if (ticket.state != State.ADMITTED) {
                return;
            }
            ticket.state = State.REFUSED;
            refused.add(ticket);
            window = Math.max(1, (admitted - refused.size()) / 2);
            next = admitted == refused.size() ? next() : () -> {};
        }
        next.run();
    }

    /** What is to be called, now that something has changed. Holds the lock; the caller runs it without. */
    private Runnable next() {
        int active = admitted - refused.size();
        if (!refused.isEmpty()) {
            if (active == 0) {
                return isTimed() ? () -> {} : this::tryLater;
            }
            List<Ticket> again = new ArrayList<>();
            for (int room = window - active; room > 0 && !refused.isEmpty(); room--) {
                again.add(readmit(refused.remove()));
            }
            return () -> again.forEach(Ticket::tryAgain);
        }
        if (encoding != null || !hasRoom()) {
            return () -> {};
        }
        Ticket head = waiting.poll();
        if (head == null) {
            return () -> {};
        }
        encoding = readmit(head);
        admitted++;
        return head::admitted;
    }

    /** Not for ever: the scheduler the timer was on may have been disposed of. */
    private boolean isTimed() {
        return timed
                && (SimulationThread.isCurrent() || System.nanoTime() - timedAtNanos < 10 * MAX_DELAY_MS * 1_000_000);
    }

    private static Ticket readmit(Ticket ticket) {
        ticket.state = State.ADMITTED;
        return ticket;
    }

    /** The journal has refused all there are: nobody will say when there is room. */
    private void tryLater() {
        while (true) {
            Ticket first;
            long delay;
            synchronized (this) {
                first = refused.peek();
                if (first == null || isTimed() || admitted > refused.size()) {
                    return;
                }
                timed = true;
                timedAtNanos = System.nanoTime();
                delay = delayMs;
                delayMs = Math.min(MAX_DELAY_MS, 2 * delayMs);
            }
            try {
                first.after(Duration.ofMillis(delay), this::tryFirst);
                return;
            } catch (Throwable noTimer) {
                synchronized (this) {
                    timed = false;
                }
                first.failed(noTimer); // leaves
            }
        }
    }

    private void tryFirst() {
        Runnable next;
        synchronized (this) {
            timed = false;
            Ticket first = admitted == refused.size() ? refused.poll() : null;
            next = first == null ? next() : readmit(first)::tryAgain;
        }
        next.run();
    }
}
