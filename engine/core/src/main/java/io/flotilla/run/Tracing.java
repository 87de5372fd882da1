package io.flotilla.run;

import io.flotilla.observe.Telemetry;
import io.flotilla.step.StepDriver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What is observed of a run: the run, in it its branches, each inside the branch that forked it, in these their steps.
 * Does nothing where nobody observes.
 */
final class Tracing {

    private final StepDriver<?, ?> driver;
    private final StepDriver.@Nullable Observed run;
    private final Context context;
    private final Map<BranchPath, Observing> branches = new LinkedHashMap<>();

    private final List<Ended> ended = new ArrayList<>();

    private record Ended(
            int depth,
            StepDriver.Observed observed,
            String outcome,
            @Nullable Throwable cause) {}

    private record Observing(StepDriver.Observed observed, Context inside) {}

    Tracing(StepDriver<?, ?> driver, String runId, Context outer) {
        this.driver = driver;
        this.run = driver.observe(Telemetry.RUN, outer, Map.of(Telemetry.Tag.RUN_ID, runId));
        this.context = run == null ? outer : run.within(outer);
    }

    /** What the steps of a branch see. */
    Context context(BranchPath branch) {
        return inside(run == null ? null : branch);
    }

    private Context inside(@Nullable BranchPath branch) {
        Observing observing = branch == null ? null : branches.get(branch);
        return observing == null ? context : observing.inside();
    }

    void record(RunEvent event) {
        if (run == null) {
            return;
        }
        if (event instanceof RunEvent.BranchStarted started) {
            start(started);
        } else if (event instanceof RunEvent.Joined joined) {
            say(joined.branch(), "join " + joined.verdict().name().toLowerCase(Locale.ROOT));
        } else if (event instanceof RunEvent.Forked forked) {
            say(forked.branch(), "fork");
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            say(fired.branch(), "rendezvous " + fired.verdict().name().toLowerCase(Locale.ROOT));
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
        ended.forEach(branch -> branch.observed().stop(branch.outcome(), branch.cause()));
        ended.clear();
    }

    /** The run is over, and everything in it. */
    void finished(RunResult.Status status, @Nullable Throwable cause) {
        stopEnded();
        if (run != null) {
            branches.values().forEach(open -> open.observed().stop("cancelled", null));
            branches.clear();
            run.stop(status.name().toLowerCase(Locale.ROOT), status == RunResult.Status.FAILED ? cause : null);
        }
    }

    private void start(RunEvent.BranchStarted started) {
        Context outer = inside(started.branch().parent());
        StepDriver.Observed observed = driver.observe(
                Telemetry.BRANCH,
                outer,
                Map.of(
                        Telemetry.Tag.AGENT,
                        started.agent(),
                        Telemetry.Tag.BRANCH,
                        started.branch().toString()));
        if (observed != null) {
            branches.put(started.branch(), new Observing(observed, observed.within(outer)));
        }
    }

    private void say(BranchPath branch, String what) {
        Observing observing = branches.get(branch);
        if (observing != null) {
            observing.observed().event(what);
        }
    }

    private void stop(BranchPath branch, String outcome, @Nullable RunFailure cause) {
        Observing observing = branches.remove(branch);
        if (observing != null) {
            ended.add(new Ended(branch.depth(), observing.observed(), outcome, cause));
        }
    }
}
