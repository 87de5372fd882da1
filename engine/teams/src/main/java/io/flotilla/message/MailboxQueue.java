package io.flotilla.message;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * What waits in a mailbox: messages to be handled, and senders for room. Guarded by the mailbox's lock, but for {@link
 * #isFull()}.
 */
final class MailboxQueue {

    private final int capacity;
    private final int maxWaiting;
    private final Deque<Envelope> queue = new ArrayDeque<>();

    /** Null as long as nobody has waited, which is mostly for ever. */
    private @Nullable Deque<Waiter> waiters;

    private long accepted;

    /**
     * Set and cleared under the lock: no room has been made since an offer found none. So senders that try again and again do
     * not take the lock from the one who makes room.
     */
    private volatile boolean isFull;

    MailboxQueue(int capacity, int maxWaiting) {
        this.capacity = capacity;
        this.maxWaiting = maxWaiting;
    }

    /** A sender that waits for room. */
    static final class Waiter {

        final Envelope envelope;
        final MonoSink<Void> sink;

        Waiter(Envelope envelope, MonoSink<Void> sink) {
            this.envelope = envelope;
            this.sink = sink;
        }
    }

    // --- messages

    /** Without the lock. */
    boolean isFull() {
        return isFull;
    }

    void markFull() {
        isFull = true;
    }

    /** Whoever waits comes first. */
    boolean hasRoom() {
        return queue.size() < capacity && waiting() == 0;
    }

    void add(Envelope envelope) {
        queue.addLast(envelope);
        accepted++;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }

    /** How many there ever were. */
    long accepted() {
        return accepted;
    }

    /** Its place is taken at once: this makes no room. */
    Envelope dropOldest() {
        return queue.removeFirst();
    }

    Envelope takeFirst() {
        if (isFull) {
            isFull = false; // a write that all cores have to see costs as much as the rest of this
        }
        return queue.removeFirst();
    }

    void putBack(Envelope envelope) {
        queue.addFirst(envelope);
    }

    /** At the end of the mailbox, when nobody waits any more. */
    List<Envelope> takeAll() {
        List<Envelope> all = new ArrayList<>(queue);
        queue.clear();
        return all;
    }

    /** The envelope as it has waited; null if it does not. */
    @Nullable Envelope remove(Envelope envelope) {
        for (Iterator<Envelope> each = queue.iterator(); each.hasNext(); ) {
            Envelope waiting = each.next();
            if (waiting.equals(envelope)) {
                each.remove();
                isFull = false;
                return waiting;
            }
        }
        return null;
    }

    // --- senders

    /** False if as many wait as may. */
    boolean await(Waiter waiter) {
        if (waiting() >= maxWaiting) {
            return false;
        }
        Deque<Waiter> line = waiters;
        if (line == null) {
            line = new ArrayDeque<>();
            waiters = line;
        }
        line.addLast(waiter);
        return true;
    }

    /** False if it does not wait any more. */
    boolean leave(Waiter waiter) {
        return waiters != null && waiters.remove(waiter);
    }

    int waiting() {
        return waiters == null ? 0 : waiters.size();
    }

    /** Moves senders that wait into the queue as far as there is room; null if there are none. */
    @Nullable List<Waiter> admit() {
        Deque<Waiter> line = waiters;
        if (line == null || line.isEmpty() || queue.size() >= capacity) {
            return null;
        }
        List<Waiter> admitted = new ArrayList<>();
        while (!line.isEmpty() && queue.size() < capacity) {
            Waiter waiter = line.removeFirst();
            add(waiter.envelope);
            admitted.add(waiter);
        }
        return admitted;
    }

    /** Nothing is accepted any more: those who wait are not to be admitted, and an offer is to hear why. */
    List<Waiter> endWaiting() {
        isFull = false;
        List<Waiter> unheard = waiters == null ? List.of() : List.copyOf(waiters);
        waiters = null;
        return unheard;
    }
}
