package io.flotilla.step;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The one timer of a list of steps with a limit of time: armed for the first that is due, and seen to be lost. A timer that has been
 * disposed of forgets what it was armed for, so the list is told why no timer can be had any more, and every step of it is due.
 *
 * <p>Guarded by the list's lock.
 */
final class LimitTimer {

    private static final long MAX_NANOS = TimeUnit.DAYS.toNanos(1);

    private final EngineSchedulers schedulers;

    /** For the message. */
    private final String limits;

    private @Nullable Disposable armed;

    /** Why no timer can be had any more. */
    private @Nullable Throwable failure;

    /** {@code limits}: what they are called. */
    LimitTimer(EngineSchedulers schedulers, String limits) {
        this.schedulers = schedulers;
        this.limits = limits;
    }

    long nanos() {
        return schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    /** Has {@code fired} run so long from now, on the timer's thread; or sooner: what is years away would overflow some clocks. */
    void arm(long nanos, Runnable fired) {
        long delay = Math.min(MAX_NANOS, Math.max(0, nanos));
        armed = schedulers.timer().schedule(fired, delay, TimeUnit.NANOSECONDS);
    }

    /** What is armed, to be disposed of. */
    @Nullable Disposable armed() {
        return armed;
    }

    /** A step is about to wait for it. Throws if it would wait for ever. */
    void check() {
        if (failure != null) {
            Guarded.rethrow(failure);
        }
    }

    /** Why every step is due; null while there is a timer. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Clock or timer throw. */
    void failed(Throwable thrown) {
        failure = thrown;
    }

    /** Looks whether the timer still lives, for a list that waits for it; true once. */
    boolean isLost() {
        if (failure != null || !schedulers.timer().isDisposed()) {
            return false;
        }
        failure = new RejectedExecutionException("the timer of the " + limits + " timeouts has been disposed of");
        return true;
    }

    /** Ends those that are overdue; what follows may run code of the user's, so it goes to the worker. */
    void expire(Overdue overdue) {
        Expiry expiry = new Expiry(overdue);
        try {
            schedulers.worker().schedule(expiry);
        } catch (Throwable disposed) {
            Starter.rescue(expiry);
        }
    }

    /** To be called without the lock, for what {@link #armed()} has returned. */
    static void dispose(@Nullable Disposable timer) {
        if (timer != null) {
            try {
                timer.dispose();
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown); // the steps are to see their cancel all the same
            }
        }
    }
}
