package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What a workflow gives all its runs.
 *
 * @param agents by name
 * @param eventHistory how many events of a run are kept
 * @param outputHistory how many emitted values of each step in flight are kept
 * @param recording where its runs are recorded; null if they are not
 * @param shutdown ends what it does in this process
 */
record RunSetup(
        Plan plan,
        Map<String, Agent<Turn, Decision>> agents,
        StepEngine engine,
        int eventHistory,
        int outputHistory,
        FactRecorder.@Nullable Recording recording,
        Shutdown shutdown) {

    /** A run that is not started yet. */
    <O> Run<O> newRun(ContextView context) {
        return new Run<>(newLoop(context));
    }

    private <O> RunLoop<O> newLoop(ContextView context) {
        shutdown.check();
        RunLoop<O> loop = new RunLoop<>(this, Context.of(context), null, null);
        loop.found();
        return loop;
    }

    /** A run of each subscriber's own, once its start is in the journal. */
    <O> Mono<Run<O>> submitted(Object task) {
        return Mono.create(
                sink -> { // it is to be signalled before a body may keep the thread
                    RunLoop<O> loop = newLoop(sink.contextView());
                    Run<O> run = new Run<>(loop);
                    loop.started().subscribe(any -> sink.success(run), sink::error);
                    run.start(task);
                });
    }

    String newRunId() {
        return EngineAccess.of(engine).newRunId();
    }

    Instant now() {
        return EngineAccess.of(engine).now();
    }

    /** What happens in a fork instead of what did, as it is recorded. */
    Fact redacted(Fact fact) {
        return new Redaction(EngineAccess.of(engine).redactor(), plan).readable(fact);
    }

    /** What was due meanwhile has passed before any step is started or any answer taken. */
    <O> Mono<Run<O>> resumed(Replay replay, Context context, FactRecorder.Recording into, LiveRuns.Claim claim) {
        EngineClock clock = EngineAccess.of(engine).clock();
        return into.passDue(replay, clock.now(), clock).mapNotNull(all -> {
            RunLoop<O> loop = new RunLoop<>(this, context, all, claim);
            if (!claim.run()) {
                return null; // cancelled meanwhile
            }
            loop.found();
            loop.recover(all);
            return new Run<>(loop);
        });
    }
}
