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

    /** The end of a run that was not noted is, and what is nested in it is cancelled too; else that is an error. */
    private final boolean notesEnds;

    RunCancels(Workflow<?, O> workflow, FactRecorder.Recording recording, RunReader reader) {
        this(workflow, recording, reader, false);
    }

    private RunCancels(Workflow<?, O> workflow, FactRecorder.Recording recording, RunReader reader, boolean notesEnds) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = reader;
        this.notesEnds = notesEnds;
    }

    Mono<RunResult<O>> cancel(String runId) {
        return Mono.deferContextual(context -> Mono.defer(() -> attempt(runId, Context.of(context))))
                .repeatWhenEmpty(again -> again) // somebody else's recovery has failed
                .flatMap(run -> run.result()
                        .flatMap(result -> run.loop().drained().thenReturn(result))); // so have those nested in it
    }

    /** Nothing if it is to be tried again. */
    private Mono<Run<O>> attempt(String runId, Context context) {
        RunSetup setup = workflow.setup();
        LiveRuns.Claim claim = setup.live().claim(runId);
        if (claim != null) {
            if (setup.shutdown().isBegun()) { // before anything is written
                claim.releaseWithoutRun();
                return Mono.error(setup.shutdown().refusal());
            }
            return reader.replayOf(Long.MAX_VALUE, workflow.past(runId))
                    .flatMap(this::cancelled)
                    .flatMap(all -> setup.<O>resumed(all, context, recording, claim))
                    .doOnError(any -> claim.releaseWithoutRun())
                    .doOnCancel(claim::releaseWithoutRun);
        }
        LiveRuns.Claim others = setup.live().claimed(runId);
        return others == null ? Mono.empty() : others.awaited().map(run -> cancelled(runId, run));
    }

    /** Cancels a nested run, if it is there and its end is not. */
    static Mono<Void> ofUnfinished(Workflow<?, ?> nested, FactRecorder.Recording outer, String runId) {
        return new RunCatalog(outer, nested.setup().live())
                .existence(runId)
                .filter(existence -> existence == RunCatalog.Existence.UNFINISHED)
                .flatMap(unfinished -> of(nested, outer, runId));
    }

    /** Cancels a nested run, if it is there and has not ended. */
    static <T> Mono<Void> of(Workflow<?, T> nested, FactRecorder.Recording outer, String runId) {
        FactRecorder.Recording own = nested.setup().recording();
        FactRecorder.Recording recording = own == null ? outer : own;
        return new RunCancels<>(nested, recording, new RunReader(recording), true)
                .cancel(runId)
                .onErrorResume(
                        cause -> cause instanceof UnknownRunException || cause instanceof RunEndedException,
                        cause -> Mono.empty())
                .then();
    }

    private Mono<Replay> cancelled(Replay replay) {
        if (replay.isFinished() && notesEnds && !replay.isEndRecorded()) {
            return Mono.just(replay);
        }
        if (replay.isFinished()) {
            return Mono.error(new RunEndedException(replay.runId()));
        }
        if (replay.isCompensating()) { // it was cancelled, or has failed, and has not come to its end
            return Mono.just(replay);
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
