package io.flotilla.run;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Deletes recorded runs by a policy: once, or again and again in the background. Thread-safe. */
final class Retention implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

    private final Workflow<?, ?> workflow;
    private final FactRecorder.Recording recording;
    private final RunCatalog catalog;
    private final RetentionPolicy policy;
    private final Set<String> workflows = new HashSet<>();
    private final EngineClock clock;
    private final Disposable.Swap next = Disposables.swap();
    private final Disposable.Swap sweep = Disposables.swap();

    Retention(Workflow<?, ?> workflow, FactRecorder.Recording recording, RunCatalog catalog, RetentionPolicy policy) {
        this.workflow = workflow;
        this.recording = recording;
        this.catalog = catalog;
        this.policy = policy;
        this.clock = EngineAccess.of(workflow.engine()).clock();
        workflows.add(workflow.name());
        workflow.setup().places().allNested().forEach(nested -> workflows.add(nested.name()));
    }

    // --- in the background

    Disposable start() {
        later(Duration.ZERO);
        return this;
    }

    private boolean isOver() {
        return next.isDisposed() || workflow.setup().shutdown().isBegun();
    }

    /** One at a time, since the timer may be over before it is kept; the one before it has run, and must not dispose of its successor. */
    private synchronized void later(Duration delay) {
        if (isOver()) {
            return;
        }
        try {
            next.replace(clock.schedule(delay, this::background));
        } catch (Throwable noTimer) {
            LOG.error("runs are not deleted any more: no timer can be had", noTimer);
        }
    }

    private void background() {
        if (isOver()) { // since the timer was set
            return;
        }
        sweep.update(sweep().subscribe(
                        deleted -> {
                            LOG.debug("runs of workflow {} deleted: {}", workflow.name(), deleted);
                            later(policy.every());
                        },
                        failed -> {
                            LOG.warn(
                                    "runs of workflow {} could not be deleted, tried again later",
                                    workflow.name(),
                                    failed);
                            later(policy.every());
                        }));
    }

    @Override
    public void dispose() {
        next.dispose();
        sweep.dispose();
    }

    @Override
    public boolean isDisposed() {
        return next.isDisposed();
    }

    // --- once

    /** Deletes what is not to be kept; emits how many runs. */
    Mono<Long> sweep() {
        return Mono.defer(() -> {
            Instant now = clock.now();
            PriorityQueue<RunInfo> kept = new PriorityQueue<>(Comparator.comparing(RunInfo::lastAppendedAt));
            return catalog.list(RunFilter.all().statuses(RetentionPolicy.ENDED))
                    .filter(this::isSwept)
                    .concatMap(run -> obsolete(run, now, kept), 1)
                    .concatMap(run -> deleteWithNested(run.runId()), 1)
                    .filter(isDeleted -> isDeleted)
                    .count();
        });
    }

    /** Of the nested workflows only runs that are nested: others are theirs. */
    private boolean isSwept(RunInfo run) {
        return run.parent() == null
                ? run.workflow().equals(workflow.name()) && policy.statuses().contains(run.status())
                : workflows.contains(run.workflow());
    }

    /** What is not kept: this run, or one that ended earlier. */
    private Mono<RunInfo> obsolete(RunInfo run, Instant now, PriorityQueue<RunInfo> kept) {
        String parent = run.parent();
        if (parent != null) { // goes with its parent, unless it could not then
            return catalog.existence(parent)
                    .filter(existence -> existence == RunCatalog.Existence.UNKNOWN)
                    .map(gone -> run);
        }
        Duration age = policy.maxAge();
        if (age != null && run.lastAppendedAt().isBefore(now.minus(age))) {
            return Mono.just(run);
        }
        if (policy.maxRuns() == Long.MAX_VALUE) {
            return Mono.empty();
        }
        kept.add(run);
        return Mono.justOrEmpty(kept.size() > policy.maxRuns() ? kept.poll() : null);
    }

    /** Those that are nested in it first: a run that is deleted half-way is still there, and is deleted the next time. */
    private Flux<Boolean> deleteWithNested(String runId) {
        return claimed(
                runId,
                () -> catalog.endedNestedIn(runId)
                        .concatMap(
                                nested -> claimed(
                                        nested,
                                        () -> Flux.from(recording.journal().delete(nested))),
                                1)
                        .concatWith(recording.journal().delete(runId)));
    }

    /** Nothing if somebody is just looking at the run. */
    private Flux<Boolean> claimed(String runId, Supplier<Flux<Boolean>> delete) {
        return Flux.defer(() -> {
            LiveRuns.@Nullable Claim claim = workflow.setup().live().claim(runId);
            return claim == null ? Flux.empty() : delete.get().doFinally(any -> claim.releaseWithoutRun());
        });
    }
}
