package io.flotilla.team;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The workers of a manager, in the order of joining; those that leave are among them until they have. Guarded by the manager's
 * lock, which {@link #join} and {@link #leave} take.
 */
final class Staff<I, O> {

    private final ManagerCore<I, O> core;
    private final Set<WorkerState<I, O>> all = new LinkedHashSet<>();

    /** Those that do not leave. */
    private final Map<AgentId, WorkerState<I, O>> byId = new HashMap<>();

    Staff(ManagerCore<I, O> core) {
        this.core = core;
    }

    // --- joining

    /** Under the lock, or before anybody else knows of the manager. False if there is one of this id. */
    boolean put(Worker<I, O> worker) {
        WorkerState<I, O> state = new WorkerState<>(worker, core.clock);
        if (byId.putIfAbsent(worker.id(), state) != null) {
            return false;
        }
        all.add(state);
        core.queue.join(state);
        return true;
    }

    void join(Worker<I, O> worker) {
        synchronized (core) {
            if (core.isClosed()) {
                throw new IllegalStateException("manager " + core.settings.id + " is closed");
            }
            if (!put(worker)) {
                throw ManagerSettings.duplicate(worker.id());
            }
        }
        core.events().tell(new ManagerEvent.WorkerJoined(worker.id()));
        core.dispatch();
    }

    // --- leaving

    Mono<Void> leave(AgentId id, Duration grace) {
        Departure<I, O> departure;
        List<Task<I, O>> stranded = List.of();
        synchronized (core) {
            WorkerState<I, O> worker = byId.remove(id);
            departure = worker == null ? leaving(id) : new Departure<>(core, worker);
            if (worker != null) {
                worker.departure = departure;
                core.queue.leave(worker);
                stranded = core.strand();
                leaveIfDone(worker);
            }
        }
        core.reject(stranded);
        core.finishIfDone();
        return departure == null
                ? Mono.error(new UnknownWorkerException(core.settings.id, id))
                : departure.within(grace);
    }

    /** The last of this id that leaves; null for none. */
    private @Nullable Departure<I, O> leaving(AgentId id) {
        Departure<I, O> last = null;
        for (WorkerState<I, O> each : all) {
            if (each.departure != null && each.worker.id().equals(id)) {
                last = each.departure;
            }
        }
        return last;
    }

    /** Under the lock. */
    void leaveIfDone(WorkerState<I, O> worker) {
        if (worker.departure != null && worker.running == 0) {
            all.remove(worker);
            worker.end();
            worker.departure.done();
        }
    }

    // --- all of them

    void end() {
        all.forEach(WorkerState::end);
    }

    List<WorkerStatus> statuses() {
        return all.stream().map(WorkerState::status).toList();
    }
}
