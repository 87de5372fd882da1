package io.flotilla.step;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long one step may take, in an engine whose agents have timeouts of their own; and its place in {@link DueHeap}. */
final class StepLimit {

    final @Nullable Duration timeout;

    /** The same in nanoseconds; 0 without a limit. */
    final long nanos;

    // The heap's own.
    long dueNanos;
    int place = -1;

    StepLimit(@Nullable Duration timeout) {
        this.timeout = timeout;
        this.nanos = timeout == null ? 0 : timeout.toNanos();
    }
}
