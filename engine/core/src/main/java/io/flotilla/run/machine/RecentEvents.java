package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.RunEvent;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The last events of a run that is replayed, and the beginnings of its live branches. */
final class RecentEvents {

    /** How many events are kept. */
    private final int most;

    private final ArrayDeque<RunEvent> events = new ArrayDeque<>();

    /** The beginnings of the branches that have not ended. */
    private final Map<BranchPath, RunEvent> begun = new LinkedHashMap<>();

    RecentEvents(int most) {
        this.most = most;
    }

    void keep(RunEvent event) {
        BranchPath branch = event.branch();
        if (branch != null && event instanceof RunEvent.BranchStarted) {
            begun.put(branch, event);
        } else if (branch != null
                && (event instanceof RunEvent.BranchAnswered
                        || event instanceof RunEvent.BranchFailed
                        || event instanceof RunEvent.BranchMovedOn
                        || event instanceof RunEvent.BranchCancelled)) {
            begun.remove(branch);
        }
        if (most > 0) {
            events.add(event);
            if (events.size() > most) {
                events.remove();
            }
        }
    }

    /** As many as are kept, in order. */
    List<RunEvent> events() {
        return List.copyOf(events);
    }

    /** The event of the start of each live branch, in order. */
    List<RunEvent> liveBranches() {
        return List.copyOf(begun.values());
    }
}
