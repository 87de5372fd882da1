package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.time.Instant;
import reactor.core.Disposable;

/** A timer that is only read, and moved by the test. */
final class VirtualTimer implements EngineClock {

    private volatile long nanos = Long.MAX_VALUE - 1_000; // its readings wrap, as those of System.nanoTime() may

    @SuppressWarnings("NonAtomicVolatileUpdate") // by the test only
    void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Override
    public Instant now() {
        throw new AssertionError("a clock that may be set");
    }

    @Override
    public long nanoTime() {
        return nanos;
    }

    @Override
    public Disposable schedule(Duration delay, Runnable task) {
        throw new AssertionError("no timer");
    }
}
