package io.flotilla.run;

import io.flotilla.journal.JournalEntry;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import io.flotilla.step.EngineAccess;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Holds recorded runs against the workflow at hand, and moves them to its version. Thread-safe. */
final class RunVersions {

    private final Workflow<?, ?> workflow;
    private final FactRecorder.Recording recording;
    private final RunReader reader;
    private final RunCatalog catalog;

    RunVersions(Workflow<?, ?> workflow, FactRecorder.Recording recording, RunReader reader, RunCatalog catalog) {
        this.workflow = workflow;
        this.recording = recording;
        this.reader = reader;
        this.catalog = catalog;
    }

    // --- verify

    Mono<Verification> verify(RunFilter filter) {
        String name = workflow.name();
        if (filter.workflow() != null && !filter.workflow().equals(name)) {
            throw new IllegalArgumentException(
                    "only runs of workflow " + name + " can be verified here, not of " + filter.workflow());
        }
        return Mono.defer(() -> {
            List<Recovery.Failure> failures = Collections.synchronizedList(new ArrayList<>());
            return catalog.list(filter.workflow(name), (run, cause) -> failures.add(new Recovery.Failure(run, cause)))
                    .concatMap(run -> verified(run.runId(), failures), 1)
                    .count()
                    .map(runs -> {
                        failures.sort(Comparator.comparing(Recovery.Failure::runId));
                        return new Verification(runs, failures);
                    });
        });
    }

    private Mono<String> verified(String runId, List<Recovery.Failure> failures) {
        return reader.replayOf(Long.MAX_VALUE, new Replay(runId, workflow.plan()))
                .thenReturn(runId)
                .onErrorResume(cause -> {
                    if (cause instanceof UnknownRunException) { // deleted meanwhile
                        return Mono.empty();
                    }
                    failures.add(new Recovery.Failure(runId, cause));
                    return Mono.just(runId);
                });
    }

    // --- migrate

    private record Found(Replay replay, Migration migration) {}

    Mono<Migration> check(String runId, String version) {
        checkVersion(version);
        return found(runId).map(Found::migration);
    }

    Mono<Migration> migrate(String runId, String version) {
        checkVersion(version);
        return Mono.defer(() -> {
            LiveRuns.Claim claim = workflow.setup().live().claim(runId);
            return claim == null
                    ? Mono.error(new RunAlreadyLiveException(runId))
                    : found(runId).flatMap(this::move).doFinally(any -> claim.releaseWithoutRun());
        });
    }

    private void checkVersion(String version) {
        if (!workflow.version().equals(version)) {
            throw new UnknownVersionException(workflow.name(), workflow.version(), version);
        }
    }

    private Mono<Found> found(String runId) {
        return Mono.defer(() -> {
            Replay replay = new Replay(runId, workflow.plan());
            return reader.replayOf(Long.MAX_VALUE, replay)
                    .map(all -> {
                        if (all.isFinished()) {
                            throw new RunEndedException(runId);
                        }
                        return new Found(all, migration(all, null));
                    })
                    .onErrorResume(
                            cause -> replay.header() != null
                                    && (cause instanceof DivergenceException
                                            || cause instanceof UnsupportedRunFormatException),
                            cause -> Mono.just(new Found(replay, migration(replay, cause))));
        });
    }

    private Migration migration(Replay replay, @Nullable Throwable problem) {
        RunHeader header = replay.header();
        String from = header == null ? "" : header.version();
        return new Migration(replay.runId(), from, workflow.version(), replay.changes(), problem);
    }

    private Mono<Migration> move(Found found) {
        Migration migration = found.migration();
        if (migration.problem() != null) {
            return Mono.error(migration.problem());
        }
        if (migration.from().equals(migration.to())) {
            return Mono.just(migration);
        }
        RunSetup setup = workflow.setup();
        JournalEntry note = recording.codec().migrated(found.replay().facts(), setup.now(), setup.header());
        return recording
                .append(
                        migration.runId(),
                        List.of(note),
                        EngineAccess.of(setup.engine()).clock())
                .thenReturn(migration);
    }
}
