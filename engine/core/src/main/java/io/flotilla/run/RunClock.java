package io.flotilla.run;

import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepDriver;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The time of one run, on the engine's clock. A clock of the user's that throws ends the run before it has begun; later it
 * must not take a fact with it, and what is asked for has a value all the same. Thread-safe.
 */
final class RunClock {

    private final EngineClock clock;
    private final Instant startedAt;
    private final long startedNanos;

    RunClock(EngineClock clock, @Nullable Replay replay) {
        this.clock = clock;
        Instant now = clock.now();
        this.startedAt = replay == null ? now : replay.startedAt(now);
        this.startedNanos = clock.nanoTime() - Duration.between(startedAt, now).toNanos();
    }

    /** A clock that throws ends the run before it has begun. */
    static RunClock of(StepDriver<?, ?> driver, @Nullable Replay replay) {
        try {
            return new RunClock(driver.clock(), replay);
        } catch (Throwable noTime) {
            driver.close();
            throw noTime;
        }
    }

    Instant startedAt() {
        return startedAt;
    }

    /** The start of the run if the clock throws. */
    Instant now() {
        try {
            return clock.now();
        } catch (Throwable noTime) {
            return startedAt;
        }
    }

    /** Zero if the clock throws. */
    Duration sinceStart() {
        try {
            return Duration.ofNanos(Math.max(0, clock.nanoTime() - startedNanos));
        } catch (Throwable noTime) {
            return Duration.ZERO;
        }
    }

    /** Runs a task after a delay, on a thread of the library; throws what the user's timer throws. */
    Disposable schedule(Duration delay, Runnable task) {
        return clock.schedule(delay, task);
    }

    /** Runs a task on a thread of the library; on this one if the timer throws. */
    void onWorker(Runnable task) {
        try {
            clock.schedule(Duration.ZERO, task);
        } catch (Throwable noWorker) {
            task.run();
        }
    }
}
