package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What follows the cancel of a body: when its cancel handler returns, or after {@value #GRACE_MILLIS} ms, on
 * another thread, if the handler keeps this one.
 */
final class Stopping implements EngineClock.Watched {

    static final int GRACE_MILLIS = 100;

    private final AtomicBoolean finished = new AtomicBoolean();
    private final Runnable then;

    // The watch's own.
    private boolean seen;
    private long seenNanos;

    Stopping(Runnable then) {
        this.then = then;
    }

    @Override
    public boolean isOverdue(long nanos) {
        if (!seen) {
            seen = true;
            seenNanos = nanos;
        }
        return nanos - seenNanos >= TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
    }

    @Override
    public void overdue() {
        finish();
    }

    /** Runs what follows; the first call counts. */
    void finish() {
        if (finished.compareAndSet(false, true)) {
            then.run();
        }
    }
}
