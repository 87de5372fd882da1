package io.flotilla.step;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import reactor.core.Disposable;

/**
 * The time an engine lives in, for interceptors that wait or measure: inside reactor-test's virtual time it is virtual.
 *
 * <p>One object an engine, which may be kept. Thread-safe.
 *
 * @since 0.1
 */
public interface EngineClock {

    /**
     * The current instant, on the engine's clock.
     *
     * @return the instant
     */
    Instant now();

    /**
     * A reading of the engine's timer, to measure durations with.
     *
     * @return nanoseconds from an arbitrary origin; only differences mean something
     */
    long nanoTime();

    /**
     * Runs something later, on a thread that may run user code (not on the one timers fire on). Never refused: if the
     * engine's scheduler does not take the task, a thread of the library runs it, up to 20 ms late.
     *
     * @param delay how much later; zero or less for as soon as may be
     * @param task what to run
     * @return to be disposed of if it is not wanted any more
     * @throws NullPointerException if an argument is null
     */
    Disposable schedule(Duration delay, Runnable task);

    /** Something that usually ends at once and has to be noticed if it does not. */
    interface Watched {

        /**
         * Whether it has lasted too long. Must neither block nor throw.
         *
         * @param nanos a reading of {@link System#nanoTime()}: a thread is kept in real time, even where timers are
         *     virtual
         * @return true to have {@link #overdue()} called
         */
        boolean isOverdue(long nanos);

        /** It has lasted too long. Called once, on a thread of its own. */
        void overdue();
    }

    /**
     * Watches a call of user code that may keep its thread. Much cheaper than a timer, and coarser: every 20 ms of real
     * time a thread of the library asks {@link Watched#isOverdue}, until {@link #forget} or {@link Watched#overdue}.
     *
     * @param call what is about to begin on this thread
     * @throws NullPointerException if {@code call} is null
     */
    default void watch(Watched call) {
        CallWatch.watch(Objects.requireNonNull(call, "call"));
    }

    /**
     * Ends what {@link #watch} has begun. {@link Watched#overdue} may still be running, or about to.
     *
     * @param call what has returned; need not be watched any more
     * @throws NullPointerException if {@code call} is null
     */
    default void forget(Watched call) {
        CallWatch.forget(Objects.requireNonNull(call, "call"));
    }
}
