package io.flotilla.team;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The way into code of the user's that can be closed: nobody enters after that, and the last who is inside says so when it
 * leaves. Several may be inside at once.
 */
final class Entry {

    private static final int CLOSED = Integer.MIN_VALUE;

    private static final AtomicIntegerFieldUpdater<Entry> INSIDE =
            AtomicIntegerFieldUpdater.newUpdater(Entry.class, "inside");

    /** How many are inside; with the highest bit once it is closed. */
    private volatile int inside;

    private volatile @Nullable Runnable whenEmpty;

    /** False if it is closed. */
    boolean enter() {
        int before = inside;
        while (before >= 0) {
            if (INSIDE.compareAndSet(this, before, before + 1)) {
                return true;
            }
            before = inside;
        }
        return false;
    }

    void leave() {
        if (INSIDE.decrementAndGet(this) == CLOSED) {
            tell();
        }
    }

    void close() {
        int before = inside;
        while (before >= 0 && !INSIDE.compareAndSet(this, before, before | CLOSED)) {
            before = inside;
        }
    }

    /** Called at least once after it is closed and nobody is inside; on the caller's thread, or that of the last one. */
    void whenEmpty(Runnable then) {
        whenEmpty = then;
        if (inside == CLOSED) {
            then.run();
        }
    }

    private void tell() {
        Runnable then = whenEmpty;
        if (then != null) {
            then.run();
        }
    }
}
