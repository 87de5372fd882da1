package io.flotilla.step;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Takes permits for a number of steps, as a round does; what a step does with its permit is up to {@code body}. */
final class PermitUser {

    private final Consumer<Permit> body;
    private final AtomicInteger toStart;
    final Waiter waiter;
    final AtomicInteger refused = new AtomicInteger();
    private volatile boolean closed;

    PermitUser(FairPermits permits, ContextView context, int steps, Consumer<Permit> body) {
        this.body = body;
        this.toStart = new AtomicInteger(steps);
        this.waiter = new Waiter(permits, context, null, this::fill, this::fill);
    }

    static PermitUser of(FairPermits permits, int steps, Consumer<Permit> body) {
        return new PermitUser(permits, Context.empty(), steps, body);
    }

    PermitUser start() {
        fill();
        return this;
    }

    private void fill() {
        while (!closed && toStart.get() > 0) {
            Permit permit = waiter.acquire();
            if (permit != null) {
                toStart.decrementAndGet();
                body.accept(permit);
                continue;
            }
            Waiter.Wait wait = waiter.await(toStart.get());
            if (wait == Waiter.Wait.WAITING || wait == Waiter.Wait.HELD) {
                return;
            }
            if (wait == Waiter.Wait.REFUSED) {
                refused.incrementAndGet();
                toStart.decrementAndGet();
            }
        }
    }

    void close() {
        closed = true;
        waiter.close();
    }

    int left() {
        return toStart.get();
    }

    /** Permits that are out, in the order they were taken. */
    static final class Held implements Consumer<Permit> {
        private final Deque<Permit> permits = new ArrayDeque<>();

        @Override
        public synchronized void accept(Permit permit) {
            permits.add(permit);
        }

        synchronized int count() {
            return permits.size();
        }

        void endFirst() {
            Permit first;
            synchronized (this) {
                first = permits.remove();
            }
            first.end();
        }
    }
}
