package io.flotilla.step;

import io.flotilla.internal.KeptThread;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the user's functions where a waiter queues. A waiter whose functions throw, or keep the thread, queues with those that
 * have no key; in the latter case another thread goes on with it.
 */
final class Classification implements EngineClock.Watched {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private final Waiter waiter;
    private final AtomicBoolean decided = new AtomicBoolean();
    private final KeptThread thread = new KeptThread();

    Classification(Waiter waiter) {
        this.waiter = waiter;
    }

    /** False if the thread was kept, and another has taken over. */
    boolean isDone() {
        InFlightLimit limit = waiter.permits().limit();
        if (!limit.classifies(waiter.context())) {
            waiter.queueIn(InFlightLimit.Line.DEFAULT);
            return true;
        }
        InFlightLimit.Line line = InFlightLimit.Line.DEFAULT;
        boolean ownersFlag = Thread.interrupted();
        CallWatch.watch(this);
        try {
            line = limit.lineOf(waiter.context());
        } catch (Throwable thrown) {
            warn("a function of maxInFlight throws, the waiter has no key", thrown);
        } finally {
            CallWatch.forget(this);
            Starter.restore(ownersFlag);
        }
        if (!decided.compareAndSet(false, true)) {
            return false;
        }
        waiter.queueIn(line);
        return true;
    }

    @Override
    public boolean isOverdue(long nanos) {
        return thread.isKept();
    }

    @Override
    public void overdue() {
        if (decided.compareAndSet(false, true)) {
            waiter.queueIn(InFlightLimit.Line.DEFAULT);
            warn("a function of maxInFlight keeps its thread, the waiter has no key", null);
            waiter.takeOver();
        }
    }

    private static void warn(String what, @Nullable Throwable thrown) {
        try {
            LOG.warn(what, thrown);
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }
}
