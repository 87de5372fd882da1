package io.flotilla.inspector;

import io.flotilla.agent.Usage;
import io.flotilla.run.Run;
import io.flotilla.run.RunInfo;
import io.flotilla.run.RunState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The rows of the table of runs. What a row has of a recorded run that needs a replay (steps, tokens, cost, questions) is kept for as
 * long as the run has no more facts; of a run of more than {@value #MAX_REPLAYED} facts that is not live it is left out. Thread-safe.
 */
final class Rows {

    static final int MAX_REPLAYED = 20_000;

    private static final int MAX_KEPT = 10_000;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** A replay of no more facts is part of what a page takes. */
    private static final int QUICK = 500;

    /** What a replay tells. */
    private record Counts(long facts, long steps, Usage usage, int questions, RunState.Status status) {

        static Counts of(RunState state, long facts) {
            return new Counts(
                    facts, state.steps(), state.usage(), state.questions().size(), state.status());
        }
    }

    private final Map<String, Counts> kept = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Counts> eldest) {
            return size() > MAX_KEPT;
        }
    });

    /** The row as it is now. Never an error: what cannot be read is null in it. */
    Mono<Map<String, @Nullable Object>> row(Sources.Found run) {
        return counts(run)
                .map(counts -> row(run.info(), counts, run.live() != null))
                .defaultIfEmpty(row(run.info(), null, run.live() != null));
    }

    /** Whether a row is there at once, or almost: no long replay is needed for it. */
    boolean isQuick(Sources.Found run, boolean hasTime) {
        RunInfo info = run.info();
        Counts known = kept.get(info.runId());
        return run.live() != null
                || (known != null && known.facts() == info.facts())
                || (hasTime && info.facts() <= QUICK)
                || info.facts() > MAX_REPLAYED;
    }

    /** The row without what needs a replay. */
    static Map<String, @Nullable Object> uncounted(Sources.Found run) {
        return row(run.info(), null, run.live() != null);
    }

    private Mono<Counts> counts(Sources.Found found) {
        RunInfo info = found.info();
        Run<?> live = found.live();
        if (live != null) {
            return live.state()
                    .timeout(PATIENCE)
                    .map(state -> Counts.of(state, state.facts()))
                    .onErrorResume(unknown -> Mono.empty());
        }
        Counts known = kept.get(info.runId());
        if (known != null && known.facts() == info.facts()) {
            return Mono.just(known);
        }
        if (info.facts() > MAX_REPLAYED) {
            return Mono.empty();
        }
        return found.runs()
                .replay(info.runId())
                .map(state -> Counts.of(state, info.facts()))
                .doOnNext(counts -> kept.put(info.runId(), counts))
                .onErrorResume(unreadable -> Mono.empty());
    }

    private static Map<String, @Nullable Object> row(RunInfo info, @Nullable Counts counts, boolean isLive) {
        boolean isEnded = info.status() != RunInfo.Status.UNFINISHED;
        Instant ended = isEnded ? info.lastAppendedAt() : null;
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("id", info.runId());
        row.put("workflow", info.workflow());
        row.put("version", info.version());
        row.put("status", status(info, counts, isLive));
        row.put("labels", new TreeMap<>(info.labels()));
        row.put("parent", info.parent());
        row.put("started", info.startedAt().toString());
        row.put("ended", ended == null ? null : ended.toString());
        row.put("durationMillis", ended == null ? null : millis(info.startedAt(), ended));
        row.put("facts", counts == null ? info.facts() : counts.facts());
        row.put("steps", counts == null ? null : counts.steps());
        row.put(
                "tokens",
                counts == null
                        ? null
                        : counts.usage().inputTokens() + counts.usage().outputTokens());
        row.put("cost", counts == null ? null : counts.usage().cost());
        row.put("questions", counts == null ? (isEnded ? 0 : null) : Integer.valueOf(counts.questions()));
        row.put("live", isLive);
        return row;
    }

    private static long millis(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toMillis());
    }

    /** Of a live run how it is; of one that waits to be recovered that it has not ended. */
    static String status(RunInfo info, RunState.@Nullable Status now, boolean isLive) {
        Enum<?> status = isLive && now != null ? now : info.status();
        return status.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String status(RunInfo info, @Nullable Counts counts, boolean isLive) {
        return status(info, counts == null ? null : counts.status(), isLive);
    }
}
