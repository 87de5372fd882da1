package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What a workflow gives all its runs.
 *
 * @param agents by name
 * @param watching what is kept of a run for those who watch it
 * @param places what some places have besides an agent
 * @param header what the first fact of each of its runs says
 * @param recording where its runs are recorded; null if they are not
 * @param process what its runs share in this process
 */
record RunSetup(
        Plan plan,
        Map<String, Agent<Turn, Decision>> agents,
        StepEngine engine,
        Watching watching,
        Places places,
        RunHeader header,
        FactRecorder.@Nullable Recording recording,
        ProcessState process) {

    /**
     * What is kept of a run for those who watch it.
     *
     * @param eventHistory how many events of a run are kept
     * @param outputHistory how many emitted values of each step in flight are kept
     * @param listeners where subscribers of events are told
     */
    record Watching(int eventHistory, int outputHistory, ListenerPool listeners) {}

    /**
     * What the runs of a workflow share in this process.
     *
     * @param live the runs that are live: those of its journal, or its own if it has none
     * @param kept the claims of its own live runs, for as long as the workflow is kept
     * @param shutdown ends what it does in this process
     * @param meters of its runs; null if they are not measured
     */
    record ProcessState(
            LiveRuns live,
            Set<LiveRuns.Claim> kept,
            Shutdown shutdown,
            @Nullable RunMeters meters) {

        static ProcessState of(
                FactRecorder.@Nullable Recording recording, Shutdown shutdown, @Nullable RunMeters meters) {
            return new ProcessState(
                    recording == null ? new LiveRuns() : LiveRuns.of(recording.journal()),
                    ConcurrentHashMap.newKeySet(),
                    shutdown,
                    meters);
        }
    }

    LiveRuns live() {
        return process.live();
    }

    Shutdown shutdown() {
        return process.shutdown();
    }

    @Nullable RunMeters meters() {
        return process.meters();
    }

    /** The same for runs that are nested in others, which have a journal while these have none of their own. */
    RunSetup recordedIn(FactRecorder.Recording others) {
        Map<String, Workflow<?, ?>> nested = new HashMap<>();
        places.nested().forEach((place, workflow) -> nested.put(place, workflow.recordedIn(others)));
        FactRecorder.Recording own = FactRecorder.Recording.of(
                others.journal(), EngineAccess.of(engine).redactor(), header, others.timeout());
        return new RunSetup(
                plan,
                agents,
                engine,
                watching,
                new Places(Map.copyOf(nested), places.reconcilers()),
                header,
                own,
                ProcessState.of(own, shutdown(), meters()));
    }

    /** A run that is not started yet; {@code claim} is needed for one under an id of the caller's. */
    <O> Run<O> newRun(Object task, ContextView context, RunOptions options, LiveRuns.@Nullable Claim claim) {
        shutdown().check();
        RunIdentity identity = RunIdentity.of(this, task, options, claim);
        RunLoop<O> loop = new RunLoop<>(this, options.within(Context.of(context)), identity, null);
        Run<O> run = new Run<>(loop);
        live(run);
        return run;
    }

    /**
     * From now on others find this run, and it can be suspended with all others of its workflow. False if nobody wants it any
     * more. Throws if the others have been suspended already.
     */
    private boolean live(Run<?> run) {
        LiveRuns.Claim claim = run.loop().claim();
        if (claim == null) {
            return true;
        }
        if (!claim.run(run, process.kept())) {
            return false;
        }
        if (shutdown().isBegun()) {
            run.loop().giveUp();
            throw shutdown().refusal();
        }
        return true;
    }

    /** A run of each subscriber's own, once its start is in the journal. */
    <O> Mono<Run<O>> submitted(Object task, RunOptions options, LiveRuns.@Nullable Claim claim) {
        return Mono.create(
                sink -> { // it is to be signalled before a body may keep the thread
                    Run<O> run = newRun(task, sink.contextView(), options, claim);
                    run.started().subscribe(any -> sink.success(run), sink::error);
                    run.start();
                });
    }

    /** The run if it is of this workflow, else null. */
    @SuppressWarnings("unchecked") // what it is answered with is the same
    <O> @Nullable Run<O> own(Run<?> run) {
        RunSetup other = run.loop().setup();
        boolean isOwn = header.workflow().equals(run.loop().identity().header().workflow())
                && plan.answerType() == other.plan().answerType();
        return isOwn ? (Run<O>) run : null;
    }

    /** Those of this workflow, by id. */
    <O> List<Run<O>> liveRuns() {
        List<Run<O>> runs = new ArrayList<>();
        for (Run<?> run : live().all()) {
            Run<O> own = own(run);
            if (own != null) {
                runs.add(own);
            }
        }
        runs.sort(Comparator.comparing(Run::runId));
        return List.copyOf(runs);
    }

    String newRunId() {
        return EngineAccess.of(engine).newRunId();
    }

    Instant now() {
        return EngineAccess.of(engine).now();
    }

    Redactor redactor() {
        return EngineAccess.of(engine).redactor();
    }

    /** What happens in a fork instead of what did, as it is recorded. */
    Fact redacted(Fact fact) {
        return new Redaction(EngineAccess.of(engine).redactor(), plan).readable(fact);
    }

    /** What was due meanwhile has passed before any step is started or any answer taken. */
    <O> Mono<Run<O>> resumed(Replay replay, Context context, FactRecorder.Recording into, LiveRuns.Claim claim) {
        EngineClock clock = EngineAccess.of(engine).clock();
        return into.passDue(replay, clock.now(), clock).mapNotNull(all -> {
            RunIdentity identity = RunIdentity.of(all, claim);
            Context within = RunOptions.withPriority(context, identity.header().priority());
            RunLoop<O> loop = new RunLoop<>(this, within, identity, all);
            Run<O> run = new Run<>(loop);
            if (!live(run)) {
                return null; // cancelled meanwhile
            }
            loop.recover(all);
            return run;
        });
    }
}
