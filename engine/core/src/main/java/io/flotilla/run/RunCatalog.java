package io.flotilla.run;

import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.RunHeader;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What the journal says of its runs, of all workflows. Reads the first entry of each run, of one that has ended the last, and of
 * one that has not all: its version may have changed meanwhile. Thread-safe.
 */
final class RunCatalog {

    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

    /** How many runs are looked at ahead of the one that comes next. */
    private static final int AHEAD = 4;

    private final FactRecorder.Recording recording;
    private final LiveRuns live;

    RunCatalog(FactRecorder.Recording recording, LiveRuns live) {
        this.recording = recording;
        this.live = live;
    }

    Flux<RunInfo> list(RunFilter filter) {
        return summaries(filter)
                .flatMapSequential(this::readable, AHEAD, 1)
                .filter(filter::matches)
                .take(filter.limit());
    }

    /** A run that is in the journal: what is known of it, or why nothing is. */
    private record Listed(
            String runId, @Nullable RunInfo info, @Nullable Throwable cause) {}

    /**
     * {@code unreadable} is told, in the order of the list, of each run before its last one that cannot be read and may be meant: its
     * start says so, or cannot be read either.
     */
    Flux<RunInfo> list(RunFilter filter, BiConsumer<String, Throwable> unreadable) {
        return summaries(filter)
                .flatMapSequential(summary -> listed(summary, filter), AHEAD, 1)
                .<RunInfo>handle((listed, sink) -> {
                    RunInfo info = listed.info();
                    Throwable cause = listed.cause();
                    if (cause != null) {
                        unreadable.accept(listed.runId(), cause);
                    } else if (info != null && filter.matches(info)) {
                        sink.next(info);
                    }
                })
                .take(filter.limit());
    }

    private Flux<RunSummary> summaries(RunFilter filter) {
        return recording.journal().list(filter.summaries()).filter(RunSummary::isRun);
    }

    private Mono<Listed> listed(RunSummary summary, RunFilter filter) {
        String runId = summary.runId();
        return info(summary).map(info -> new Listed(runId, info, null)).onErrorResume(cause -> {
            warn(runId, cause);
            return header(runId)
                    .map(filter::mayMatch)
                    .onErrorReturn(true)
                    .filter(Boolean::booleanValue)
                    .map(any -> new Listed(runId, null, cause));
        });
    }

    /** Nothing of what is no run, was deleted meanwhile, or cannot be read. */
    private Mono<RunInfo> readable(RunSummary summary) {
        return info(summary).onErrorResume(cause -> {
            warn(summary.runId(), cause);
            return Mono.empty();
        });
    }

    private static void warn(String runId, Throwable cause) {
        LOG.warn(
                "a run is left out of a list: run={} cause={}",
                runId,
                RecordedException.textOf(cause::toString, cause));
    }

    /**
     * The ids of the runs that are nested in a run, or in one of those, and have ended. Not those of a run whose id is so long that
     * theirs do not begin with it.
     */
    Flux<String> endedNestedIn(String runId) {
        String beginning = runId + '/';
        if (beginning.length() > NestedRun.KEPT) {
            return Flux.empty();
        }
        return recording
                .journal()
                .list(JournalFilter.all().after(before(beginning)))
                .takeWhile(summary -> summary.runId().startsWith(beginning))
                .filter(RunSummary::isRun)
                .concatMap(this::readable, 1)
                .filter(run -> run.status() != RunInfo.Status.UNFINISHED
                        && run.parent() != null
                        && (run.parent() + '/').startsWith(beginning))
                .map(RunInfo::runId);
    }

    /** What is known of one run; nothing if there is no such run. */
    Mono<RunInfo> info(String runId) {
        return Mono.defer(() -> {
            String before = before(JournalBounds.checkRunId(runId));
            JournalFilter filter = JournalFilter.all().limit(1);
            return recording
                    .journal()
                    .list(before.isEmpty() ? filter : filter.after(before))
                    .filter(summary -> summary.isRun() && summary.runId().equals(runId))
                    .next()
                    .flatMap(this::info);
        });
    }

    /** The last id that can come before another, by the order of printable characters; empty if there is none. */
    private static String before(String runId) {
        int last = runId.length() - 1;
        return runId.charAt(last) == '!'
                ? runId.substring(0, last)
                : runId.substring(0, last)
                        + (char) (runId.charAt(last) - 1)
                        + "~".repeat(JournalBounds.MAX_RUN_ID_LENGTH - runId.length());
    }

    private Mono<RunInfo> info(RunSummary summary) {
        String runId = summary.runId();
        boolean isFinished = summary.lastType().equals(FactCodec.RUN_FINISHED);
        if (isFinished) { // both at once: a journal may take its time for each
            return Mono.zip(header(runId), ended(runId, summary.entries() - 1)).map(read -> {
                RunHeader header = read.getT1();
                return info(summary, header, header.version(), read.getT2());
            });
        }
        return header(runId).flatMap(header -> {
            LiveRuns.Claim claim = live.claimed(runId);
            Run<?> run = claim == null ? null : claim.live();
            if (run != null) { // it need not be read
                return Mono.just(
                        info(summary, header, run.loop().identity().header().version(), RunInfo.Status.UNFINISHED));
            }
            return version(runId, header).map(version -> info(summary, header, version, RunInfo.Status.UNFINISHED));
        });
    }

    private RunInfo info(RunSummary summary, RunHeader header, String version, RunInfo.Status status) {
        LiveRuns.Claim claim = live.claimed(summary.runId());
        return new RunInfo(
                summary.runId(),
                header.workflow(),
                version,
                header.labels(),
                header.parent(),
                status,
                claim != null && claim.live() != null,
                summary.startedAt(),
                summary.lastAppendedAt(),
                summary.entries());
    }

    /** What its first entry says of a run of any workflow; nothing if there is no such run, or it is none. */
    Mono<RunHeader> header(String runId) {
        return recording
                .journal()
                .read(runId, 0)
                .next()
                .filter(FactCodec::isStart)
                .map(first -> RunReader.signalled(
                        runId, first, () -> recording.codec().header(first)));
    }

    /** The version that a run was moved to last, or was started with. */
    Mono<String> version(String runId, RunHeader header) {
        return recording
                .journal()
                .read(runId, 1)
                .mapNotNull(entry -> recording.codec().migratedTo(entry))
                .last(header.version());
    }

    private Mono<RunInfo.Status> ended(String runId, long last) {
        return recording
                .journal()
                .read(runId, last)
                .next()
                .mapNotNull(entry -> recording.codec().endedAs(entry))
                .map(status -> RunInfo.Status.valueOf(status.name()));
    }

    /** Whether a run is there, and has ended. */
    Mono<Existence> existence(String runId) {
        return recording
                .journal()
                .read(runId, 0)
                .map(entry -> entry.type().equals(FactCodec.RUN_FINISHED) ? Existence.ENDED : Existence.UNFINISHED)
                .last(Existence.UNKNOWN);
    }

    /** Whether a run is there. */
    enum Existence {
        UNKNOWN,
        UNFINISHED,
        ENDED
    }
}
