package io.flotilla.run;

import io.flotilla.internal.KeptThread;
import io.flotilla.step.EngineClock;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of user code that is not waited for once it keeps its thread, see {@link KeptThread}: then another thread continues instead of
 * the one that called, once.
 */
final class Handover implements EngineClock.Watched {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final Runnable others;
    private final KeptThread thread = new KeptThread();
    private final AtomicBoolean decided = new AtomicBoolean();

    private Handover(Runnable others) {
        this.others = others;
    }

    /** False if the call took so long that {@code others} go on; what it throws is its own business. */
    static boolean call(EngineClock clock, Runnable piece, Runnable others) {
        Handover handover = new Handover(others);
        boolean ownersFlag = Thread.interrupted();
        clock.watch(handover);
        try {
            piece.run();
        } catch (Throwable thrown) {
            LOG.debug("a handler of observations throws", thrown);
        } finally {
            clock.forget(handover);
            restore(ownersFlag);
        }
        return handover.decided.compareAndSet(false, true);
    }

    /** An interrupt that the call leaves behind is not that of the thread's owner. */
    private static void restore(boolean ownersFlag) {
        boolean callsFlag = Thread.interrupted();
        if (ownersFlag) {
            Thread.currentThread().interrupt();
        } else if (callsFlag) {
            LOG.debug("a handler of observations leaves an interrupt behind");
        }
    }

    @Override
    public boolean isOverdue(long nanos) {
        return thread.isKept();
    }

    @Override
    public void overdue() {
        if (decided.compareAndSet(false, true)) {
            others.run();
        }
    }
}
