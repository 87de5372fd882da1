package io.flotilla.step;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long one step may take, in an engine whose agents have timeouts of their own; and its place in {@link DueHeap}. */
final class StepLimit {

    final @Nullable Duration timeout;

    /** The same in nanoseconds; 0 without a limit. */
    final long nanos;

    /** The agent's own, not that of all steps. */
    final boolean isOwn;

    // The heap's own.
    long dueNanos;
    int place = -1;

    StepLimit(@Nullable Duration timeout, boolean isOwn) {
        this.timeout = timeout;
        this.isOwn = isOwn;
        this.nanos = timeout == null ? 0 : timeout.toNanos();
    }
}
