package io.flotilla.run.machine;

import io.flotilla.run.Await;
import io.flotilla.run.PendingWait;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A branch that sleeps or waits for a signal. */
final class WaitEntry {

    final Branch branch;

    /** What it waits for; null if it sleeps. */
    final @Nullable Await signal;

    /** When it goes on at the latest, as of the fact it began with; null for never. */
    final @Nullable Instant deadline;

    /** The timer of its deadline; 0 for none. */
    long timer;

    WaitEntry(Branch branch, @Nullable Await signal, @Nullable Instant deadline) {
        this.branch = branch;
        this.signal = signal;
        this.deadline = deadline;
    }

    /** As others see it. */
    PendingWait pending(String agent, @Nullable Instant until) {
        return new PendingWait(branch.path, agent, signal == null ? null : signal.name(), until);
    }
}
