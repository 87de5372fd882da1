package io.flotilla.run;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one run adds to the meters of its workflow: it comes in once, started or recovered, and goes out once, whoever says so first. What
 * the registry is told is put into {@code reports}, since it is the user's. Thread-safe.
 */
final class RunCount {

    private static final int NOT_IN = 0;
    private static final int IN = 1;
    private static final int OUT = 2;

    /** Where the join of the run itself is. */
    private static final String RUN = "end";

    private final @Nullable RunMeters meters;
    private final LiveRun run;
    private final Consumer<Runnable> reports;
    private final AtomicInteger state = new AtomicInteger(NOT_IN);

    RunCount(@Nullable RunMeters meters, LiveRun run, Consumer<Runnable> reports) {
        this.meters = meters;
        this.run = run;
        this.reports = reports;
    }

    void record(RunEvent event) {
        if (meters == null) {
            return;
        }
        if (event instanceof RunEvent.RunStarted) {
            in(meters::started);
        } else if (event instanceof RunEvent.DecisionRejected rejected) {
            reports.accept(() -> meters.corrected(rejected.agent()));
        } else if (event instanceof RunEvent.Joined joined && joined.verdict() == RunEvent.Verdict.UNMET) {
            reports.accept(() -> meters.joinUnmet(joined.agent()));
        } else if (event instanceof RunEvent.RendezvousFired fired && fired.verdict() == RunEvent.Verdict.UNMET) {
            reports.accept(() -> meters.joinUnmet(fired.agent()));
        }
    }

    /** It continues from its journal, and has not ended there. */
    void recovered() {
        if (meters != null) {
            in(meters::recovered);
        }
    }

    private void in(Runnable report) {
        if (meters != null && state.compareAndSet(NOT_IN, IN)) {
            meters.live().add(run);
            reports.accept(report);
        }
    }

    /** It has a result. */
    void finished(RunResult.Status status, @Nullable Throwable failure, Duration took) {
        if (meters == null || !out(meters)) {
            return;
        }
        reports.accept(() -> meters.ended(RunMeters.outcome(status), took));
        if (failure instanceof JoinShortfallException unmet && unmet.agent().equals(RUN)) {
            reports.accept(() -> meters.joinUnmet(unmet.agent()));
        }
    }

    /** It is live no more, and has no result. */
    void ended(String outcome, Consumer<Runnable> to) {
        if (meters != null && out(meters)) {
            to.accept(() -> meters.ended(outcome, null));
        }
    }

    private boolean out(RunMeters of) {
        if (!state.compareAndSet(IN, OUT)) {
            return false;
        }
        of.live().remove(run);
        return true;
    }
}
