package io.flotilla.run;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The nested runs that a run wants no more, until they are live no more: what they have done is undone before what was done before
 * them. Thread-safe.
 */
final class EndingRuns {

    private final Set<NestedRun> runs = new HashSet<>(); // guarded by this
    private List<Runnable> waiting = new ArrayList<>(); // guarded by this
    private int left; // guarded by this

    /** One that is being cancelled here. */
    void add(NestedRun run) {
        synchronized (this) {
            if (!runs.add(run)) {
                return;
            }
            left++;
        }
        subscribe(run.over(), run);
    }

    /** One that was in flight in another process; {@code end} cancels it, if that has not come to its end there. */
    void add(Mono<Void> end) {
        synchronized (this) {
            left++;
        }
        subscribe(end, null);
    }

    private void subscribe(Mono<Void> over, @Nullable NestedRun run) {
        over.subscribe(null, broken -> ended(run), () -> ended(run));
    }

    private void ended(@Nullable NestedRun run) {
        List<Runnable> tasks;
        synchronized (this) {
            runs.remove(run);
            left--;
            if (left > 0) {
                return;
            }
            tasks = waiting;
            waiting = new ArrayList<>();
        }
        tasks.forEach(Runnable::run);
    }

    /** Runs a task when all have ended, on the thread where the last does. False if all have: then it is not run. */
    boolean whenOver(Runnable task) {
        synchronized (this) {
            if (left == 0) {
                return false;
            }
            waiting.add(task);
            return true;
        }
    }

    /** Completes when all have ended. */
    Mono<Void> over() {
        return Mono.create(sink -> {
            if (!whenOver(sink::success)) {
                sink.success();
            }
        });
    }

    /** Those that are being cancelled here. */
    synchronized List<NestedRun> runs() {
        return List.copyOf(runs);
    }
}
