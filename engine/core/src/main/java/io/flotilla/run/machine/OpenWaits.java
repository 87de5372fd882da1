package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The branches of a run that sleep or wait for a signal. */
final class OpenWaits {

    private final Timers timers;

    /** By the name of the signal they wait for, in lineage order. */
    private final Map<String, TreeMap<BranchPath, WaitEntry>> awaiting = new HashMap<>();

    private int open;

    OpenWaits(Timers timers) {
        this.timers = timers;
    }

    boolean isEmpty() {
        return open == 0 && awaiting.isEmpty();
    }

    void add(WaitEntry entry) {
        open++;
        entry.branch.waitEntry = entry;
        if (entry.signal != null) {
            awaiting.computeIfAbsent(entry.signal.name(), any -> new TreeMap<>())
                    .put(entry.branch.path, entry);
        }
    }

    /** The first in lineage order of those that wait for the signal; null if none does. */
    @Nullable WaitEntry first(String signal) {
        TreeMap<BranchPath, WaitEntry> waiting = awaiting.get(signal);
        return waiting == null ? null : waiting.firstEntry().getValue();
    }

    /** The branch waits no more. */
    void withdraw(WaitEntry entry) {
        open--;
        entry.timer = timers.stop(entry.timer);
        entry.branch.waitEntry = null;
        if (entry.signal != null) {
            awaiting.computeIfPresent(entry.signal.name(), (name, waiting) -> {
                waiting.remove(entry.branch.path);
                return waiting.isEmpty() ? null : waiting;
            });
        }
    }
}
