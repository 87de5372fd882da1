package io.flotilla.run;

import io.flotilla.observe.BranchObservationContext;
import io.flotilla.observe.FlotillaEvent;
import io.flotilla.observe.RunObservationContext;
import io.flotilla.step.EngineAccess;
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
    private final EngineAccess engine;
    private final String runId;
    private final boolean observed;
    private final Span run;
    private final Map<BranchPath, Span> branches = new LinkedHashMap<>();
    private final List<Ended> ended = new ArrayList<>();
    private final Queue<Runnable> unreported = new ArrayDeque<>();

    private record Ended(
            int depth, Span span, String outcome, @Nullable Throwable cause) {}

    Tracing(StepDriver<?, ?> driver, EngineAccess engine, String workflow, String runId, Context outer) {
        this.driver = driver;
        this.engine = engine;
        this.runId = runId;
        this.observed = driver.isObserved();
        this.run = new Span(outer);
        if (observed) {
            String name = engine.boundedWorkflow(workflow);
            unreported.add(() -> run.start(within -> driver.observe(new RunObservationContext(name, runId), within)));
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
            note(joined.branch(), joinEvent(joined.verdict()));
        } else if (event instanceof RunEvent.Forked forked) {
            note(forked.branch(), FlotillaEvent.FORK);
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            note(
                    fired.branch(),
                    fired.verdict() == RunEvent.Verdict.MET
                            ? FlotillaEvent.RENDEZVOUS_MET
                            : FlotillaEvent.RENDEZVOUS_UNMET);
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
        String agent = engine.boundedAgent(started.agent());
        String path = started.branch().toString();
        unreported.add(
                () -> span.start(within -> driver.observe(new BranchObservationContext(agent, runId, path), within)));
    }

    private static FlotillaEvent joinEvent(RunEvent.Verdict verdict) {
        return switch (verdict) {
            case MET -> FlotillaEvent.JOIN_MET;
            case UNMET -> FlotillaEvent.JOIN_UNMET;
            case VACATED -> FlotillaEvent.JOIN_VACATED;
        };
    }

    private void note(BranchPath branch, FlotillaEvent what) {
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
