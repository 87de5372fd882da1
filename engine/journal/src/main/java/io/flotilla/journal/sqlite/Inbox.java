package io.flotilla.journal.sqlite;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for the writer: bounded in number and in bytes. Who offers never waits. Nothing comes in after it is closed, and
 * what came in before is taken out. Thread-safe.
 */
final class Inbox {

    enum Admission {
        IN,
        TOO_MANY,
        TOO_LARGE,
        CLOSED
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<WriteTask> waiting = new ArrayDeque<>();
    private final int maxTasks;
    private final long maxBytes;
    private long bytes;
    private boolean closed;

    Inbox(int maxTasks, long maxBytes) {
        this.maxTasks = maxTasks;
        this.maxBytes = maxBytes;
    }

    /** One that is larger than all the room is let in when nothing else waits. */
    Admission offer(WriteTask task) {
        lock.lock();
        try {
            if (closed) {
                return Admission.CLOSED;
            }
            if (waiting.size() >= maxTasks) {
                return Admission.TOO_MANY;
            }
            if (!waiting.isEmpty() && bytes + task.bytes() > maxBytes) {
                return Admission.TOO_LARGE;
            }
            waiting.add(task);
            bytes += task.bytes();
            arrived.signal();
            return Admission.IN;
        } finally {
            lock.unlock();
        }
    }

    int maxTasks() {
        return maxTasks;
    }

    long maxBytes() {
        return maxBytes;
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Moves what waits into a batch, after waiting for one if there is none.
     *
     * @return false if it is closed and nothing is left
     */
    boolean take(List<WriteTask> batch, int most, long mostBytes) {
        lock.lock();
        try {
            while (waiting.isEmpty()) {
                if (closed) {
                    return false;
                }
                arrived.awaitUninterruptibly();
            }
            long taken = 0;
            WriteTask next = waiting.peek();
            while (next != null && batch.size() < most && (batch.isEmpty() || taken + next.bytes() <= mostBytes)) {
                batch.add(waiting.remove());
                taken += next.bytes();
                next = waiting.peek();
            }
            bytes -= taken;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
