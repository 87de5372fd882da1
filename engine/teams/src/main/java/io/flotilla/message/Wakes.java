package io.flotilla.message;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The mailboxes that a message to many has found idle: some of them are one task of the pool, since handing a task over costs
 * as much as what follows. Used by the thread that sends.
 */
final class Wakes {

    private static final int MOST = 64;

    private @Nullable Some some;

    /** Null where each mailbox has to be a task of its own: in virtual time, whose tasks are drawn one by one. */
    static @Nullable Wakes forMany() {
        return Dispatch.isPool(Dispatch.shared()) ? new Wakes() : null;
    }

    void add(Runnable drain) {
        Some open = some;
        if (open == null) {
            open = new Some(WorkerPool.SHARED::execute);
            some = open;
        }
        open.drains[open.size++] = drain;
        if (open.size == MOST) {
            start();
        }
    }

    /** To be called at the end, whatever has happened. */
    void start() {
        Some open = some;
        if (open != null) {
            some = null;
            open.pool.execute(open);
        }
    }

    /**
     * Some drains. As long as there are any that nobody has begun with, this is in the pool's queue besides: so other threads take
     * part, and no handler that keeps its thread keeps a neighbour waiting.
     */
    private static final class Some implements Runnable {

        private final Runnable[] drains = new Runnable[MOST];
        private final Executor pool;
        private final AtomicInteger begun = new AtomicInteger();
        private int size;

        private Some(Executor pool) {
            this.pool = pool;
        }

        @Override
        public void run() {
            int at = begun.getAndIncrement();
            if (at + 1 < size) {
                pool.execute(this);
            }
            for (; at < size; at = begun.getAndIncrement()) {
                drains[at].run();
            }
        }
    }
}
