package io.flotilla.team;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The way into code of the user's that can be closed: nobody enters after that, and the last who is inside says so when it
 * leaves. Several may be inside at once.
 */
final class Entry {

    private static final int CLOSED = Integer.MIN_VALUE;

    /** How many are inside; with this bit once it is closed. */
    private final AtomicInteger inside = new AtomicInteger();

    private volatile @Nullable Runnable whenEmpty;

    /** False if it is closed. */
    boolean enter() {
        int before = inside.get();
        while (before >= 0) {
            if (inside.compareAndSet(before, before + 1)) {
                return true;
            }
            before = inside.get();
        }
        return false;
    }

    void leave() {
        if (inside.decrementAndGet() == CLOSED) {
            tell();
        }
    }

    void close() {
        inside.getAndUpdate(before -> before | CLOSED);
    }

    /** Called at least once after it is closed and nobody is inside; on the caller's thread, or that of the last one. */
    void whenEmpty(Runnable then) {
        whenEmpty = then;
        if (inside.get() == CLOSED) {
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
