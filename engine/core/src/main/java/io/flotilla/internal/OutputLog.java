package io.flotilla.internal;

import io.flotilla.AgentId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The output of one step: the last values it has emitted, and where its attempts began. Kept once, however many read it; each
 * {@link OutputCursor} knows how far one of them has come.
 *
 * <p>A value that has no room pushes out the oldest of this step, never another step's. A cursor that has not come so far
 * counts what it misses. The beginning of the attempt that a kept value belongs to is never missed.
 *
 * <p>Who emits appends under a lock that is held for a few writes; nobody else's code runs under it. Thread-safe.
 *
 * @param <S> the signals
 * @since 0.1
 */
public abstract class OutputLog<S> {

    private static final int FEW = 8;

    private final int capacity;

    /** Of values and beginnings. */
    private final int limit;

    // Guarded by this.
    private @Nullable Object[] entries = new Object[0];
    private long first;
    private long next;
    private int attempt;
    private long position;

    /** The values that were appended, and those of them that have been pushed out. */
    private long values;

    private long evicted;

    /** The last beginning that has been pushed out. */
    private @Nullable Beginning<S> evictedBeginning;

    private @Nullable LongFunction<S> end;
    private volatile List<OutputCursor<S>> cursors = List.of();

    /** The beginning of an attempt, among values. */
    private record Beginning<S>(S signal, long at) {}

    /**
     * An empty log.
     *
     * @param capacity how many values are kept at most, 1 or more
     */
    protected OutputLog(int capacity) {
        this.capacity = capacity;
        this.limit = Math.max(FEW, 2 * capacity + 1);
    }

    /**
     * The signal of a beginning. Must not throw.
     *
     * @param number the attempt
     * @param called whom it calls
     * @return what readers are told
     */
    protected abstract S beginning(int number, AgentId called);

    /**
     * The signal of a value. Must not throw.
     *
     * @param number the attempt
     * @param at its place among the values of the attempt, from 0
     * @param value the value
     * @return what readers are told
     */
    protected abstract S value(int number, long at, Object value);

    /**
     * An attempt begins: what has been emitted so far is void. Does nothing after the end.
     *
     * @param number the attempt
     * @param called whom it calls
     */
    public final void begin(int number, AgentId called) {
        beginUnannounced(number, called);
        wake();
    }

    /**
     * As {@link #begin}, but readers are not woken: for one who emits a value at once, or holds a lock.
     *
     * @param number the attempt
     * @param called whom it calls
     */
    public final synchronized void beginUnannounced(int number, AgentId called) {
        if (end == null) {
            attempt = number;
            position = 0;
            append(new Beginning<>(beginning(number, called), next));
        }
    }

    /**
     * A value has been emitted.
     *
     * @param value the value
     * @return false after the end: nobody is told
     */
    public final boolean emit(Object value) {
        synchronized (this) {
            if (end != null) {
                return false;
            }
            while (values - evicted == capacity) {
                evictFirst();
            }
            append(value(attempt, position, value));
            position++;
            values++;
        }
        wake();
        return true;
    }

    /**
     * The step has ended; only the first call counts.
     *
     * @param last makes the last signal of a reader, of the number of values it has missed. Must not throw
     */
    public final void end(LongFunction<S> last) {
        synchronized (this) {
            if (end != null) {
                return;
            }
            end = last;
        }
        for (OutputCursor<S> cursor : cursors) {
            cursor.ended();
        }
    }

    private void append(Object entry) {
        if (next - first == limit) {
            evictFirst();
        } else if (next - first == entries.length) {
            grow();
        }
        entries[slot(next)] = entry;
        next++;
    }

    private void evictFirst() {
        int slot = slot(first);
        Object oldest = entries[slot];
        if (oldest instanceof Beginning<?>) {
            evictedBeginning = asBeginning(oldest);
        } else {
            evicted++;
        }
        entries[slot] = null;
        first++;
    }

    private void grow() {
        @Nullable Object[] grown = new Object[Math.min(limit, Math.max(FEW, 2 * entries.length))];
        for (long at = first; at < next; at++) {
            grown[(int) (at % grown.length)] = entries[slot(at)];
        }
        entries = grown;
    }

    private int slot(long at) {
        return (int) (at % entries.length);
    }

    @SuppressWarnings("unchecked") // only such are put in
    private static <S> Beginning<S> asBeginning(Object entry) {
        return (Beginning<S>) entry;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // only such are put in
    private static <S> S signal(Object entry) {
        return entry instanceof Beginning<?> beginning ? (S) beginning.signal() : (S) entry;
    }

    private void wake() {
        for (OutputCursor<S> cursor : cursors) {
            cursor.wake();
        }
    }

    // --- for readers

    /** What is kept is the reader's from now on, and all that follows. Not after the end. */
    final synchronized void attach(OutputCursor<S> cursor) {
        List<OutputCursor<S>> more = new ArrayList<>(cursors);
        more.add(cursor);
        cursors = List.copyOf(more);
    }

    final synchronized void detach(OutputFeed<S> feed) {
        cursors = cursors.stream().filter(cursor -> !cursor.isOf(feed)).toList();
    }

    /** How many read it. */
    final int readers() {
        return cursors.size();
    }

    /** The next signal for this reader; null if there is none now. */
    final synchronized @Nullable S read(OutputCursor<S> cursor) {
        if (cursor.at < first) {
            cursor.dropped += evicted - cursor.passed;
            cursor.passed = evicted;
            long missedFrom = cursor.at;
            cursor.at = first;
            Beginning<S> beginning = evictedBeginning;
            if (beginning != null && beginning.at >= missedFrom) {
                return beginning.signal;
            }
        }
        if (cursor.at < next) {
            Object entry = Objects.requireNonNull(entries[slot(cursor.at)]);
            cursor.at++;
            if (!(entry instanceof Beginning<?>)) {
                cursor.passed++;
            }
            return signal(entry);
        }
        LongFunction<S> last = end;
        if (last == null || cursor.over) {
            return null;
        }
        cursor.over = true;
        return last.apply(cursor.dropped);
    }

    /** Whether there is something to read. */
    final synchronized boolean hasMore(OutputCursor<S> cursor) {
        return !cursor.over && (cursor.at < next || end != null);
    }

    /** The reader gives this step up: how many of its values it has not got; negative if it has got all there is. */
    final synchronized long abandon(OutputCursor<S> cursor) {
        if (cursor.over) {
            return -1;
        }
        cursor.over = true;
        return values - cursor.passed + cursor.dropped;
    }
}
