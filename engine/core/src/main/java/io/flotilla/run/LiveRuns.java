package io.flotilla.run;

import io.flotilla.journal.Journal;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The runs of one journal that are live in this process: at most one for each id, whatever its workflow. Whoever continues a run
 * holds its claim until the run has ended or broken down. Thread-safe.
 */
final class LiveRuns {

    private static final PerJournal<LiveRuns> ALL = new PerJournal<>(LiveRuns::new);

    /** Weakly: a run that is dropped without an end holds its id no longer than it is in memory. */
    private final ConcurrentHashMap<String, WeakReference<Claim>> live = new ConcurrentHashMap<>();

    private LiveRuns() {}

    static LiveRuns of(Journal journal) {
        return ALL.of(journal);
    }

    /** The right to continue a run. */
    final class Claim {

        private enum State {
            RECOVERING,
            RUNNING,
            RELEASED
        }

        private final String runId;
        private final WeakReference<Claim> self = new WeakReference<>(this);
        private final AtomicReference<State> state = new AtomicReference<>(State.RECOVERING);
        private volatile @Nullable RunLoop<?> loop;

        private Claim(String runId) {
            this.runId = runId;
        }

        /** There is a run now, which releases the claim at its end. False if it has been released before. */
        boolean run() {
            return state.compareAndSet(State.RECOVERING, State.RUNNING);
        }

        /** It can be found from here on. */
        void found(RunLoop<?> running) {
            loop = running;
        }

        /** The recovery has failed or was cancelled; does nothing if there is a run. */
        void releaseWithoutRun() {
            if (state.compareAndSet(State.RECOVERING, State.RELEASED)) {
                live.remove(runId, self);
            }
        }

        /** The run has ended or broken down. */
        void release() {
            state.set(State.RELEASED);
            live.remove(runId, self);
        }
    }

    /** The runs that are live now, of all workflows. */
    List<RunLoop<?>> all() {
        List<RunLoop<?>> all = new ArrayList<>();
        for (WeakReference<Claim> each : live.values()) {
            Claim claim = each.get();
            RunLoop<?> loop = claim == null ? null : claim.loop;
            if (loop != null) {
                all.add(loop);
            }
        }
        return all;
    }

    /** The claim of a run; null if it is live. */
    @Nullable Claim claim(String runId) {
        Claim claim = new Claim(runId);
        WeakReference<Claim> now =
                live.compute(runId, (id, before) -> before == null || before.refersTo(null) ? claim.self : before);
        return now.refersTo(claim) ? claim : null;
    }
}
