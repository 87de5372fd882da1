package io.flotilla.step;

import java.time.Duration;
import java.time.Instant;
import reactor.core.Disposable;

/**
 * The time an engine lives in, for interceptors that wait or measure: inside reactor-test's virtual time it is virtual.
 *
 * <p>One object an engine, which may be kept. Thread-safe.
 */
public interface EngineTime {

    /**
     * What time it is, on the engine's clock.
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
     * Runs something later, on a thread that may run user code (not on the one timers fire on).
     *
     * @param delay how much later; zero or less for as soon as may be
     * @param task what to run
     * @return to be disposed of if it is not wanted any more
     * @throws NullPointerException if an argument is null
     * @throws java.util.concurrent.RejectedExecutionException if the engine's scheduler has been disposed of
     */
    Disposable after(Duration delay, Runnable task);
}
