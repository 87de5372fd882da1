package io.flotilla.run;

import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
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
            if (setup.shutdown().isBegun()) { // before anything is written
                claim.releaseWithoutRun();
                return Mono.error(setup.shutdown().refusal());
            }
            return reader.replayOf(Long.MAX_VALUE, workflow.past(runId))
                    .flatMap(replay -> {
                        Mono<Void> nested = cancelNested(replay);
                        return cancelled(replay)
                                .flatMap(all -> setup.<O>resumed(all, context, recording, claim))
                                .flatMap(run -> nested.thenReturn(run));
                    })
                    .doOnError(any -> claim.releaseWithoutRun())
                    .doOnCancel(claim::releaseWithoutRun);
        }
        LiveRuns.Claim others = setup.live().claimed(runId);
        return others == null ? Mono.empty() : others.awaited().map(run -> cancelled(runId, run));
    }

    /** Those that were in flight. */
    private Mono<Void> cancelNested(Replay replay) {
        List<Mono<?>> cancels = new ArrayList<>();
        for (Effect effect : replay.outstandingEffects(workflow.setup().now())) {
            if (effect instanceof Effect.StartStep start) {
                Workflow<?, ?> nested = workflow.setup().places().nested().get(start.agent());
                if (nested != null) {
                    String stepId = replay.runId() + start.branch() + '#' + start.number();
                    cancels.add(of(nested, recording, NestedRun.idOf(stepId)));
                }
            }
        }
        return Flux.fromIterable(cancels).concatMap(cancel -> cancel, 1).then();
    }

    /** Cancels a nested run, if it is there and has not ended. */
    static <T> Mono<Void> of(Workflow<?, T> nested, FactRecorder.Recording outer, String runId) {
        FactRecorder.Recording own = nested.setup().recording();
        FactRecorder.Recording recording = own == null ? outer : own;
        return new RunCancels<>(nested, recording, new RunReader(recording))
                .cancel(runId)
                .onErrorResume(
                        cause -> cause instanceof UnknownRunException || cause instanceof RunEndedException,
                        cause -> Mono.empty())
                .then();
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
