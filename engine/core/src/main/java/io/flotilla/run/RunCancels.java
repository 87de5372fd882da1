package io.flotilla.run;

import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Cancels runs by their id, live or recorded. Thread-safe. */
final class RunCancels<O> {

    private final Workflow<?, O> workflow;
    private final FactRecorder.Recording recording;
    private final RunReader reader;

    RunCancels(Workflow<?, O> workflow, FactRecorder.Recording recording, RunReader reader) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = reader;
    }

    Mono<RunResult<O>> cancel(String runId) {
        return Mono.deferContextual(context -> Mono.defer(() -> attempt(runId, Context.of(context))))
                .repeatWhenEmpty(again -> again) // somebody else's recovery has failed
                .flatMap(Run::result);
    }

    /** Nothing if it is to be tried again. */
    private Mono<Run<O>> attempt(String runId, Context context) {
        RunSetup setup = workflow.setup();
        LiveRuns.Claim claim = setup.live().claim(runId);
        if (claim != null) {
            return reader.replayOf(Long.MAX_VALUE, workflow.past(runId))
                    .flatMap(this::cancelled)
                    .flatMap(replay -> setup.<O>resumed(replay, context, recording, claim))
                    .doOnError(any -> claim.releaseWithoutRun())
                    .doOnCancel(claim::releaseWithoutRun);
        }
        LiveRuns.Claim others = setup.live().claimed(runId);
        return others == null ? Mono.empty() : others.awaited().map(run -> cancelled(runId, run));
    }

    private Mono<Replay> cancelled(Replay replay) {
        if (replay.isFinished()) {
            return Mono.error(new RunEndedException(replay.runId()));
        }
        EngineClock clock = EngineAccess.of(workflow.engine()).clock();
        return recording.cancel(replay, clock.now(), clock);
    }

    private Run<O> cancelled(String runId, Run<?> live) {
        Run<O> run = workflow.setup().own(live);
        if (run == null) {
            throw UnknownRunException.ofAnother(
                    runId, live.loop().identity().header().workflow());
        }
        run.cancel();
        return run;
    }
}
