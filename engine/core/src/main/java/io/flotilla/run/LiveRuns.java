package io.flotilla.run;

import io.flotilla.journal.Journal;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The runs of one journal that are live in this process: at most one for each id, whatever its workflow. Whoever continues a run
 * holds its claim until the run has ended or broken down. Thread-safe.
 */
final class LiveRuns {

    private static final PerJournal<LiveRuns> ALL = new PerJournal<>(LiveRuns::new);

    /** Weakly: a run that is dropped without an end holds its id no longer than it is in memory. */
    private final ConcurrentHashMap<String, WeakReference<Claim>> live = new ConcurrentHashMap<>();

    LiveRuns() {}

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
        private final Outlet<Optional<Run<?>>> awaited = new Outlet<>();
        private volatile @Nullable Run<?> run;
        private volatile @Nullable Set<Claim> keptBy;

        private Claim(String runId) {
            this.runId = runId;
        }

        /**
         * There is a run now, which releases the claim at its end; {@code kept} keeps it until then. False if it has been
         * released before.
         */
        boolean run(Run<?> started, Set<Claim> kept) {
            run = started;
            keptBy = kept;
            kept.add(this);
            if (!state.compareAndSet(State.RECOVERING, State.RUNNING)) {
                kept.remove(this);
                return false;
            }
            awaited.value(Optional.of(started));
            return true;
        }

        /** The recovery has failed or was cancelled; does nothing if there is a run. */
        void releaseWithoutRun() {
            if (state.compareAndSet(State.RECOVERING, State.RELEASED)) {
                live.remove(runId, self);
                awaited.value(Optional.empty());
            }
        }

        /** The run has ended or broken down. */
        void release() {
            State before = state.getAndSet(State.RELEASED);
            live.remove(runId, self);
            Set<Claim> kept = keptBy;
            if (kept != null) {
                kept.remove(this);
            }
            if (before == State.RECOVERING) {
                awaited.value(Optional.empty());
            }
        }

        /** The run; empty if it is still being recovered or has ended. */
        @Nullable Run<?> live() {
            return state.get() == State.RUNNING ? run : null;
        }

        /** The run, once it is there; nothing if the claim is released without one. */
        Mono<Run<?>> awaited() {
            return awaited.mono().flatMap(Mono::justOrEmpty);
        }
    }

    /** The claim of a run; null if it is live. */
    @Nullable Claim claim(String runId) {
        Claim claim = new Claim(runId);
        WeakReference<Claim> now =
                live.compute(runId, (id, before) -> before == null || before.refersTo(null) ? claim.self : before);
        return now.refersTo(claim) ? claim : null;
    }

    /** Who has claimed a run; null if nobody has. */
    @Nullable Claim claimed(String runId) {
        WeakReference<Claim> now = live.get(runId);
        return now == null ? null : now.get();
    }

    /** The runs that are live, without those that are still being recovered; in no order. */
    List<Run<?>> all() {
        List<Run<?>> runs = new ArrayList<>();
        for (WeakReference<Claim> each : live.values()) {
            Claim claim = each.get();
            Run<?> run = claim == null ? null : claim.live();
            if (run != null) {
                runs.add(run);
            }
        }
        return runs;
    }
}
