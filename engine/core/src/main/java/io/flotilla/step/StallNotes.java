package io.flotilla.step;

import org.jspecify.annotations.Nullable;

/**
 * Since when a watch has found the same step on the thread that started it, and when that step last gave a sign of life. In real time,
 * whatever the engine's timer counts: a thread is blocked in real time. The watch's own, not thread-safe.
 */
final class StallNotes {

    private @Nullable Step<?, ?> seen;
    private long seenNanos;
    private long sign;
    private long signNanos;

    @SuppressWarnings("ReferenceEquality") // it is the object that is on the thread
    boolean isOf(Step<?, ?> step) {
        return step == seen;
    }

    /**
     * Begins to look at a step. What the watch read from the clock before it found the step does not count: its thread may have been
     * kept from running in between, and the step would be older than it is.
     */
    void begin(@Nullable Step<?, ?> step) {
        seen = step;
        if (step != null) {
            step.watched = true;
            sign = step.lastSignNanos();
        }
        seenNanos = System.nanoTime();
        signNanos = seenNanos;
    }

    /** Whether the step has been there for {@code limitNanos}; 0: for as long as it likes. */
    boolean isPast(long limitNanos, long now) {
        return isPast(limitNanos, seenNanos, now);
    }

    /** Whether it has given no sign for its idle timeout: what it has noted only has to change. */
    boolean isIdle(Step<?, ?> step, long now) {
        long last = step.lastSignNanos();
        if (last != sign) {
            sign = last;
            signNanos = System.nanoTime();
        }
        return isPast(step.idleNanos(), signNanos, now);
    }

    private static boolean isPast(long limitNanos, long since, long now) {
        return limitNanos > 0 && now - since >= limitNanos;
    }
}
