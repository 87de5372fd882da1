package io.flotilla.run;

import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.StepDriver;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * Starts the steps of a run that are runs of their own. They are no steps of the engine: they have no step timeout, hold no permit,
 * and no interceptor goes round them; what is in them has all of that.
 *
 * @param identity which run they are nested in
 * @param driver of the steps of that run
 * @param facts takes the fact that one has ended
 * @param left what is left of the run's limits for one
 * @param isSuspended whether the run is being suspended, so that they are too
 * @param startLater starts a step when the nested runs that were cancelled before it have ended
 * @param brokenDown takes why one has ended without a result: then the run they are nested in cannot go on either
 */
record NestedRuns(
        RunSetup setup,
        RunIdentity identity,
        StepDriver<?, ?> driver,
        RunStep.Scope scope,
        RunClock clock,
        Redaction redaction,
        Consumer<Fact> facts,
        Function<Effect.StartStep, Limits> left,
        BooleanSupplier isSuspended,
        Consumer<Effect.StartStep> startLater,
        Consumer<Throwable> brokenDown) {

    /** The step as a run; null if it is none. {@code isNew}: no process has started it before. */
    StepDriver.@Nullable Prepared prepare(Effect.StartStep start, boolean isNew, Context context) {
        Workflow<?, ?> workflow = setup.places().nested().get(start.agent());
        return workflow == null ? null : new NestedRun(this, workflow, new RunStep(scope, start), isNew, context);
    }

    /** Cancels the run that a cancelled step is, if it is one and goes on; null if it is none. */
    @Nullable Mono<Void> ended(Replay.CancelledStep step) {
        Workflow<?, ?> workflow = setup.places().nested().get(step.agent());
        FactRecorder.Recording recording = setup.recording();
        if (workflow == null || recording == null) {
            return null;
        }
        String runId = NestedRun.idOf(scope.runId(), step.branch(), step.number());
        return Mono.create(sink -> clock.onWorker(
                () -> RunCancels.ofUnfinished(workflow, recording, runId).subscribe(null, sink::error, sink::success)));
    }

    RunOptions options(String runId, Effect.StartStep start) {
        return RunOptions.nested(
                runId,
                scope.runId(),
                identity.header().labels(),
                identity.header().priority(),
                left.apply(start));
    }
}
