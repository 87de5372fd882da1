package io.flotilla.team;

import io.flotilla.AgentId;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The workers of a manager, in the order of joining; those that leave are among them until they have. Guarded by the manager. */
final class Staff<I, O> {

    private final Set<WorkerState<I, O>> all = new LinkedHashSet<>();

    /** Those that do not leave. */
    private final Map<AgentId, WorkerState<I, O>> byId = new HashMap<>();

    /** False if there is one of this id. */
    boolean join(WorkerState<I, O> worker) {
        return byId.putIfAbsent(worker.worker.id(), worker) == null && all.add(worker);
    }

    /** The worker is to leave; null if there is none of this id, or it leaves already. */
    @Nullable WorkerState<I, O> leave(AgentId id) {
        return byId.remove(id);
    }

    /** The last of this id that leaves; null for none. */
    @Nullable Departure<I, O> leaving(AgentId id) {
        Departure<I, O> last = null;
        for (WorkerState<I, O> each : all) {
            if (each.departure != null && each.worker.id().equals(id)) {
                last = each.departure;
            }
        }
        return last;
    }

    void left(WorkerState<I, O> worker) {
        all.remove(worker);
        worker.end();
    }

    void end() {
        all.forEach(WorkerState::end);
    }

    List<WorkerStatus> statuses() {
        return all.stream().map(WorkerState::status).toList();
    }
}
