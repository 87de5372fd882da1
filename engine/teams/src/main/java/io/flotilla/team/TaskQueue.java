package io.flotilla.team;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a manager that wait for a worker, in the order in which they were submitted: one that is given back is ahead of
 * all that came after it. Guarded by the manager.
 */
final class TaskQueue<I, O> {

    private final Map<String, List<WorkerState<I, O>>> workers = new HashMap<>();
    private final Map<String, SortedMap<Long, Task<I, O>>> waiting = new HashMap<>();
    private int size;

    void join(WorkerState<I, O> worker) {
        for (String capability : worker.worker.capabilities()) {
            workers.computeIfAbsent(capability, any -> new ArrayList<>()).add(worker);
        }
    }

    void leave(WorkerState<I, O> worker) {
        for (String capability : worker.worker.capabilities()) {
            workers.computeIfPresent(capability, (any, capable) -> {
                capable.remove(worker);
                return capable.isEmpty() ? null : capable;
            });
        }
    }

    int size() {
        return size;
    }

    private List<WorkerState<I, O>> workersFor(String capability) {
        return workers.getOrDefault(capability, List.of());
    }

    boolean isAnyCapable(String capability) {
        for (WorkerState<I, O> each : workersFor(capability)) {
            if (!each.isStopped) {
                return true;
            }
        }
        return false;
    }

    boolean isRoomFor(String capability) {
        for (WorkerState<I, O> each : workersFor(capability)) {
            if (each.hasRoom()) {
                return true;
            }
        }
        return false;
    }

    void add(Task<I, O> task) {
        waiting.computeIfAbsent(task.capability, any -> new TreeMap<>()).put(task.number, task);
        size++;
    }

    void remove(Task<I, O> task) {
        SortedMap<Long, Task<I, O>> line = waiting.get(task.capability);
        if (line != null && line.remove(task.number) != null) {
            size--;
            if (line.isEmpty()) {
                waiting.remove(task.capability);
            }
        }
    }

    List<Task<I, O>> removeAll() {
        List<Task<I, O>> all = new ArrayList<>();
        waiting.values().forEach(line -> all.addAll(line.values()));
        all.forEach(this::remove);
        return all;
    }

    /** Those that nobody is capable of any more. */
    List<Task<I, O>> removeStranded() {
        List<Task<I, O>> stranded = new ArrayList<>();
        waiting.forEach((capability, line) -> {
            if (!isAnyCapable(capability)) {
                stranded.addAll(line.values());
            }
        });
        stranded.forEach(this::remove);
        return stranded;
    }

    record Match<I, O>(Task<I, O> task, WorkerState<I, O> worker) {}

    /** The first task for which there is a worker now, with the least loaded; null if there is none. */
    @Nullable Match<I, O> first() {
        Match<I, O> first = null;
        for (Map.Entry<String, SortedMap<Long, Task<I, O>>> line : waiting.entrySet()) {
            Match<I, O> match = first(line.getValue(), workersFor(line.getKey()));
            if (match != null && (first == null || match.task().number < first.task().number)) {
                first = match;
            }
        }
        return first;
    }

    private @Nullable Match<I, O> first(SortedMap<Long, Task<I, O>> line, List<WorkerState<I, O>> capable) {
        for (Task<I, O> task : line.values()) {
            WorkerState<I, O> best = best(task, capable);
            if (best != null) {
                return new Match<>(task, best);
            }
            if (task.tried.isEmpty()) {
                return null; // nobody has room
            }
        }
        return null;
    }

    /** Who may have a new task at once, since nobody waits; null if nobody may. */
    @Nullable WorkerState<I, O> workerFor(Task<I, O> task) {
        return size > 0 ? null : best(task, workersFor(task.capability));
    }

    /** The least loaded one that has room and may try it. */
    private @Nullable WorkerState<I, O> best(Task<I, O> task, List<WorkerState<I, O>> capable) {
        boolean isNew = task.tried.isEmpty();
        WorkerState<I, O> best = null;
        for (int at = 0; at < capable.size(); at++) {
            WorkerState<I, O> each = capable.get(at);
            if (each.hasRoom()
                    && (best == null || each.isLessLoadedThan(best))
                    && (isNew || mayTry(task, each, capable))) {
                best = each;
            }
        }
        return best;
    }

    /** Never twice at the same worker while there is another that is well, busy or not. */
    @SuppressWarnings("ReferenceEquality") // there is one of each worker
    private boolean mayTry(Task<I, O> task, WorkerState<I, O> worker, List<WorkerState<I, O>> capable) {
        int times = task.timesTried(worker);
        if (times == 0) {
            return true;
        }
        boolean wasLast = task.wasLastAt(worker);
        for (WorkerState<I, O> other : capable) {
            if (other != worker && other.isWell() && (wasLast || task.timesTried(other) < times)) {
                return false;
            }
        }
        return true;
    }
}
