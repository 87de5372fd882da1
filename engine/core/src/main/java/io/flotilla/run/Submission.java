package io.flotilla.run;

import io.flotilla.journal.JournalEntry;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.RunHeader;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** One task with its options, which becomes a run, or turns out to be one that is there already. */
final class Submission<O> {

    private final Workflow<?, O> workflow;
    private final RunSetup setup;
    private final Object task;
    private final RunOptions options;
    private final boolean isNew;

    Submission(Workflow<?, O> workflow, Object task, RunOptions options) {
        this(workflow, task, options, false);
    }

    /**
     * {@code isNew}: it is nested in a run that has not submitted it before. A run of that id is left of one that was deleted: it is
     * deleted too, or, if it has not ended, in the way.
     */
    Submission(Workflow<?, O> workflow, Object task, RunOptions options, boolean isNew) {
        this.workflow = workflow;
        this.setup = workflow.setup();
        this.task = task;
        this.options = options;
        this.isNew = isNew;
    }

    // --- now

    Run<O> start() {
        String runId = options.runId();
        LiveRuns.Claim claim = null;
        if (runId != null) {
            claim = setup.live().claim(runId);
            if (claim == null) {
                return live(runId);
            }
        }
        Run<O> run;
        try {
            run = setup.newRun(task, Context.empty(), options, claim);
        } catch (Throwable notStarted) {
            if (claim != null) {
                claim.releaseWithoutRun();
            }
            throw notStarted;
        }
        run.start();
        return run;
    }

    private Run<O> live(String runId) {
        LiveRuns.Claim claimed = setup.live().claimed(runId);
        Run<?> run = claimed == null ? null : claimed.live();
        if (run == null) {
            throw RunIdTakenException.byARecordedRun(runId);
        }
        return same(runId, run);
    }

    // --- as a signal

    Mono<Run<O>> run() {
        String runId = options.runId();
        if (runId == null) {
            return setup.submitted(task, options, null);
        }
        return Mono.deferContextual(context -> Mono.defer(() -> attempt(runId, Context.of(context))))
                .repeatWhenEmpty(again -> again); // a claim was released without a run: somebody else's failed
    }

    /** Nothing if it is to be tried again. */
    private Mono<Run<O>> attempt(String runId, Context context) {
        LiveRuns.Claim claim = setup.live().claim(runId);
        if (claim != null) {
            return claimed(runId, context, claim)
                    .doOnError(any -> claim.releaseWithoutRun())
                    .doOnCancel(claim::releaseWithoutRun);
        }
        LiveRuns.Claim others = setup.live().claimed(runId);
        return others == null
                ? Mono.empty()
                : others.awaited().flatMap(run -> {
                    if (isNew && isLeft(run.loop().identity().header())) {
                        return Mono.error(RunIdTakenException.byADeletedRuns(runId));
                    }
                    Run<O> same = same(runId, run);
                    return same.started().thenReturn(same);
                });
    }

    private Mono<Run<O>> claimed(String runId, Context context, LiveRuns.Claim claim) {
        FactRecorder.Recording recording = setup.recording();
        if (recording == null) {
            return setup.submitted(task, options, claim);
        }
        if (setup.shutdown().isBegun()) { // before the journal is asked, which may be closed by now
            return Mono.error(setup.shutdown().refusal());
        }
        return recording
                .journal()
                .read(runId, 0)
                .next()
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(first -> {
                    if (first.isEmpty()) {
                        return setup.submitted(task, options, claim);
                    }
                    if (isNew && isLeft(recording.codec().header(first.get()))) {
                        return deleteLeft(runId, recording).then(setup.submitted(task, options, claim));
                    }
                    checkSame(runId, recording.codec(), first.get());
                    return new Runs<>(workflow, recording).recoverClaimed(runId, context, claim);
                });
    }

    private boolean isLeft(RunHeader header) {
        return Objects.equals(header.parent(), options.nestedIn());
    }

    private Mono<Boolean> deleteLeft(String runId, FactRecorder.Recording recording) {
        RunCatalog catalog = new RunCatalog(recording, setup.live());
        return catalog.existence(runId)
                .flatMap(existence -> existence == RunCatalog.Existence.UNFINISHED
                        ? Mono.error(RunIdTakenException.byADeletedRuns(runId))
                        : recording.journal().delete(runId));
    }

    // --- the same run

    private void checkSame(String runId, FactCodec codec, JournalEntry started) {
        String name = codec.workflow(started);
        if (!setup.header().workflow().equals(name)) {
            throw RunIdTakenException.byAnotherWorkflow(runId, name);
        }
        checkSame(runId, codec.task(started));
    }

    private void checkSame(String runId, @Nullable Object other) {
        FactRecorder.Recording recording = setup.recording();
        boolean isSame = recording == null
                ? Objects.equals(task, other)
                : recording.codec().isSameTask(task, other);
        if (!isSame) {
            throw RunIdTakenException.byAnotherTask(runId);
        }
    }

    private Run<O> same(String runId, Run<?> run) {
        Run<O> ours = setup.own(run);
        if (ours == null) {
            throw RunIdTakenException.byAnotherWorkflow(
                    runId, run.loop().identity().header().workflow());
        }
        checkSame(runId, run.loop().identity().task());
        return ours;
    }
}
