package io.flotilla.run;

import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Makes recorded runs live again. Thread-safe. */
final class RunRecovery<O> {

    private final Workflow<?, O> workflow;
    private final FactRecorder.Recording recording;
    private final RunReader reader;
    private final RunCatalog catalog;

    RunRecovery(Workflow<?, O> workflow, FactRecorder.Recording recording, RunReader reader, RunCatalog catalog) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = reader;
        this.catalog = catalog;
    }

    /** {@code versions} null: of whatever version it is. */
    Mono<Run<O>> recover(String runId, @Nullable Set<String> versions) {
        return Mono.deferContextual(context -> Mono.defer(() -> {
            workflow.setup().shutdown().check();
            LiveRuns.Claim claim = workflow.setup().live().claim(runId);
            return claim == null
                    ? Mono.error(new RunAlreadyLiveException(runId))
                    : continued(replayOf(runId, versions), Context.of(context), claim);
        }));
    }

    Mono<Run<O>> claimed(String runId, Context context, LiveRuns.Claim claim) {
        return continued(replayOf(runId, null), context, claim);
    }

    Mono<Run<O>> continued(Mono<Replay> replayed, Context context, LiveRuns.Claim claim) {
        return replayed.flatMap(replay -> workflow.setup().<O>resumed(replay, context, recording, claim))
                .doOnError(any -> claim.releaseWithoutRun())
                .doOnCancel(claim::releaseWithoutRun);
    }

    private Mono<Replay> replayOf(String runId, @Nullable Set<String> versions) {
        Mono<Replay> replayed = reader.replayOf(Long.MAX_VALUE, workflow.past(runId));
        return versions == null
                ? replayed
                : replayed.doOnNext(replay -> {
                    RunHeader header = replay.header();
                    if (header != null && !versions.contains(header.version())) {
                        throw new Recovery.OtherVersion(header.version());
                    }
                });
    }

    // --- all

    Mono<Recovery<O>> recoverAll(Set<String> versions) {
        return Mono.defer(() -> {
            Recovery.Collected<O> collected = new Recovery.Collected<>();
            return recording
                    .journal()
                    .list(JournalFilter.all().lastTypeNotIn(FactCodec.RUN_FINISHED))
                    .filter(RunSummary::isRun)
                    .map(RunSummary::runId)
                    .collectList()
                    .flatMapIterable(ids -> ids)
                    .concatMap(id -> tried(id, versions, collected), 1)
                    .then(Mono.fromSupplier(collected::recovery));
        });
    }

    private Mono<Void> tried(String runId, Set<String> versions, Recovery.Collected<O> collected) {
        return catalog.header(runId)
                .flatMap(header -> tried(runId, header, versions, collected))
                .doOnNext(collected::recovered)
                .onErrorResume(cause -> !(cause instanceof RunsShutDownException), cause -> {
                    collected.failed(runId, cause);
                    return Mono.empty();
                })
                .then();
    }

    private Mono<Run<O>> tried(String runId, RunHeader header, Set<String> versions, Recovery.Collected<O> collected) {
        String parent = header.parent();
        if (parent != null) {
            Workflow<?, ?> nested = nested(header.workflow());
            if (nested != null) {
                collected.nested();
                return isClaimed(runId) ? Mono.empty() : cancelOrphan(runId, parent, nested);
            }
        }
        if (isClaimed(runId)) {
            collected.live(runId);
            return Mono.empty();
        }
        if (!header.workflow().equals(workflow.name())) {
            collected.ofWorkflow(header.workflow());
            return Mono.empty();
        }
        if (versions.contains(header.version())) {
            return recover(runId, versions);
        }
        return catalog.version(runId, header)
                .flatMap(version -> versions.contains(version)
                        ? recover(runId, versions)
                        : Mono.error(new Recovery.OtherVersion(version)));
    }

    private boolean isClaimed(String runId) {
        return workflow.setup().live().claimed(runId) != null;
    }

    private @Nullable Workflow<?, ?> nested(String name) {
        if (name.equals(workflow.name())) {
            return workflow;
        }
        for (Workflow<?, ?> nested : workflow.setup().places().allNested()) {
            if (nested.name().equals(name)) {
                return nested;
            }
        }
        return null;
    }

    /** The run that it is nested in has ended, and the process died before this one was cancelled. */
    private Mono<Run<O>> cancelOrphan(String runId, String parent, Workflow<?, ?> nested) {
        return catalog.existence(parent)
                .filter(existence -> existence != RunCatalog.Existence.UNFINISHED)
                .flatMap(gone -> RunCancels.of(nested, recording, runId))
                .then(Mono.empty());
    }
}
