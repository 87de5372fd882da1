package io.flotilla.run;

import io.flotilla.observe.Telemetry;
import io.flotilla.step.StepDriver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What is observed of a run: the run, in it its branches, each inside the branch that forked it, in these their steps.
 * Does nothing where nobody observes.
 *
 * <p>Notes what is to be reported, and {@link #report}s it on request: handlers are the user's, and may throw or keep the thread. A
 * thread that is kept loses its work to another, which reports the rest.
 */
final class Tracing {

    private final StepDriver<?, ?> driver;
    private final boolean observed;
    private final Span run;
    private final Map<BranchPath, Span> branches = new LinkedHashMap<>();
    private final List<Ended> ended = new ArrayList<>();
    private final Queue<Runnable> unreported = new ArrayDeque<>();

    private record Ended(
            int depth, Span span, String outcome, @Nullable Throwable cause) {}

    Tracing(StepDriver<?, ?> driver, String runId, Context outer) {
        this.driver = driver;
        this.observed = driver.isObserved();
        this.run = new Span(outer);
        if (observed) {
            Map<Telemetry.Tag, String> tags = Map.of(Telemetry.Tag.RUN_ID, runId);
            unreported.add(() -> run.start(within -> driver.observe(Telemetry.RUN, within, tags)));
        }
    }

    /** What the steps of a branch see. */
    Context context(BranchPath branch) {
        return inside(branch).context();
    }

    private Span inside(@Nullable BranchPath branch) {
        Span span = branch == null ? null : branches.get(branch);
        return span == null ? run : span;
    }

    void record(RunEvent event) {
        if (!observed) {
            return;
        }
        if (event instanceof RunEvent.BranchStarted started) {
            start(started);
        } else if (event instanceof RunEvent.Joined joined) {
            note(joined.branch(), "join " + joined.verdict().name().toLowerCase(Locale.ROOT));
        } else if (event instanceof RunEvent.Forked forked) {
            note(forked.branch(), "fork");
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            note(fired.branch(), "rendezvous " + fired.verdict().name().toLowerCase(Locale.ROOT));
        } else if (event instanceof RunEvent.BranchAnswered answered) {
            stop(answered.branch(), "answered", null);
        } else if (event instanceof RunEvent.BranchFailed failed) {
            stop(failed.branch(), "failed", failed.failure());
        } else if (event instanceof RunEvent.BranchMovedOn movedOn) {
            stop(movedOn.branch(), "moved_on", null);
        } else if (event instanceof RunEvent.BranchCancelled cancelled) {
            stop(cancelled.branch(), "cancelled", null);
        }
    }

    /** Stops the branches that have ended, inner ones first; after the cancels of their steps, which are inside of them. */
    void stopEnded() {
        ended.sort(Comparator.comparingInt(Ended::depth).reversed());
        for (Ended branch : ended) {
            unreported.add(() -> branch.span().stop(branch.outcome(), branch.cause()));
        }
        ended.clear();
    }

    /** The run is over, and everything in it. */
    void finished(RunResult.Status status, @Nullable Throwable cause) {
        String outcome = status.name().toLowerCase(Locale.ROOT);
        over("cancelled", outcome, status == RunResult.Status.FAILED ? cause : null);
    }

    /** The run continues elsewhere, and everything in it. */
    void suspended() {
        over("suspended", "suspended", null);
    }

    private void over(String branchOutcome, String outcome, @Nullable Throwable cause) {
        if (!observed) {
            return;
        }
        stopEnded();
        branches.values().forEach(open -> unreported.add(() -> open.stop(branchOutcome, null)));
        branches.clear();
        unreported.add(() -> run.stop(outcome, cause));
    }

    /**
     * Calls the handlers with what there is to report. False if one of them has kept the thread: then {@code others} is called on
     * another thread, once, and the caller does nothing more.
     */
    boolean report(Runnable others) {
        for (Runnable piece = unreported.poll(); piece != null; piece = unreported.poll()) {
            if (!Handover.call(driver.clock(), piece, others)) {
                return false;
            }
        }
        return true;
    }

    private void start(RunEvent.BranchStarted started) {
        Span outer = inside(started.branch().parent());
        Span span = new Span(outer);
        branches.put(started.branch(), span);
        Map<Telemetry.Tag, String> tags = Map.of(
                Telemetry.Tag.AGENT,
                started.agent(),
                Telemetry.Tag.BRANCH,
                started.branch().toString());
        unreported.add(() -> span.start(within -> driver.observe(Telemetry.BRANCH, within, tags)));
    }

    private void note(BranchPath branch, String what) {
        Span span = branches.get(branch);
        if (span != null) {
            unreported.add(() -> span.note(what));
        }
    }

    private void stop(BranchPath branch, String outcome, @Nullable RunFailure cause) {
        Span span = branches.remove(branch);
        if (span != null) {
            ended.add(new Ended(branch.depth(), span, outcome, cause));
        }
    }
}
