package io.flotilla.inspector;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalBounds;
import io.flotilla.run.RecordedRun;
import io.flotilla.run.Run;
import io.flotilla.run.RunInfo;
import io.flotilla.run.Runs;
import io.flotilla.run.UnknownRunException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The workflows that are shown, by the journals they share. Immutable. */
final class Sources {

    /** Workflows of one journal. */
    record Group(List<Runs<?>> runs) {

        Runs<?> any() {
            return runs.get(0);
        }

        /** Whose run it is, the same version first; null if it is of a workflow that is not shown. */
        @Nullable Runs<?> of(RunInfo run) {
            Runs<?> found = null;
            for (Runs<?> each : runs) {
                if (each.workflow().name().equals(run.workflow())
                        && (found == null || each.workflow().version().equals(run.version()))) {
                    found = each;
                }
            }
            return found;
        }
    }

    /** A run, and whose it is. */
    record Found(Runs<?> runs, RunInfo info) {

        String id() {
            return info.runId();
        }

        /** Null if it is not live here. */
        @Nullable Run<?> live() {
            return Sources.live(runs, info.runId());
        }

        RecordedRun recorded() {
            return runs.recorded(info.runId());
        }

        boolean isEnded() {
            return info.status() != RunInfo.Status.UNFINISHED;
        }
    }

    private final List<Group> groups = new ArrayList<>();

    Sources(List<Runs<?>> all) {
        IdentityHashMap<@Nullable Journal, Group> byJournal = new IdentityHashMap<>();
        for (Runs<?> runs : all) {
            Group group = byJournal.get(runs.workflow().journal());
            if (group == null) {
                group = new Group(new ArrayList<>());
                byJournal.put(runs.workflow().journal(), group);
                groups.add(group);
            }
            group.runs().add(runs);
        }
    }

    List<Group> groups() {
        return groups;
    }

    /** Null if it is not live here. */
    static @Nullable Run<?> live(Runs<?> runs, String runId) {
        return runs.find(runId).orElse(null);
    }

    /** The run of that id, or an error for the caller. */
    Mono<Found> find(String runId) {
        try {
            JournalBounds.checkRunId(runId);
        } catch (IllegalArgumentException none) {
            return Mono.error(ApiError.unknownRun());
        }
        return Flux.fromIterable(groups)
                .concatMap(group -> find(group, runId), 1)
                .next()
                .subscribeOn(Schedulers.boundedElastic())
                .switchIfEmpty(Mono.error(ApiError::unknownRun));
    }

    static Mono<Found> find(Group group, String runId) {
        return group.any()
                .recorded(runId)
                .info()
                .onErrorResume(UnknownRunException.class, none -> Mono.empty())
                .mapNotNull(info -> {
                    Runs<?> runs = group.of(info);
                    return runs == null ? null : new Found(runs, info);
                });
    }
}
