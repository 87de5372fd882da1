package io.flotilla.inspector;

import io.flotilla.run.RunFilter;
import io.flotilla.run.RunInfo;
import io.flotilla.run.Runs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * What has changed in the table of runs. It looks twice a second at the runs that are live here, and at those that came into the
 * journals since: only while somebody listens, or has asked for the list in the last half minute. Of each run the last change is kept,
 * of {@value #MAX_CHANGES} runs; so any number of listeners costs one look, and one that was away has each run once. Thread-safe.
 */
final class Live {

    static final int MAX_CHANGES = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Inspector.class);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration INTEREST = Duration.ofSeconds(30);

    /** How many runs that are new in a journal are told one by one. More, and the list is to be read again. */
    static final int MAX_NEW = 200;

    private static final int LOOKS_AFTER_THE_END = 5;

    /** How many runs wait to be counted; of more, those that have waited longest are left as they are. */
    private static final int MAX_UNCOUNTED = 1_000;

    /** How long a look may count. */
    private static final long COUNTING_NANOS = Duration.ofMillis(250).toNanos();

    private final Sources sources;
    private final Rows rows;
    private final Mono<Void> closed;
    private final int maxNew;
    private final AtomicBoolean isLooking = new AtomicBoolean();
    private volatile long touched;

    /** Completes with the first look of the present period. */
    private volatile Sinks.Empty<Void> first = Sinks.empty();

    // Written by one look after another.
    private final Map<String, Sources.Found> live = new HashMap<>();
    private final Map<Integer, String> newest = new HashMap<>();
    private final Map<String, String> told = new HashMap<>();

    /** How often a run was found neither live nor ended. */
    private final Map<String, Integer> undecided = new HashMap<>();

    /** The runs of pages whose rows want a long replay. Guarded by itself. */
    private final LinkedHashMap<String, Sources.Found> uncounted = new LinkedHashMap<>();

    // Guarded by this.
    /** The last change of each run, by its version. */
    private final TreeMap<Long, Change> changes = new TreeMap<>();

    private final Map<String, Long> versions = new HashMap<>();
    private String epoch = "";
    private long version;

    /** Positions before it are not known any more. */
    private long forgotten;

    /** Written once, for whoever listens. */
    private record Change(String type, String id, String data) {}

    Live(Sources sources, Rows rows, Mono<Void> closed, int maxNew) {
        this.sources = sources;
        this.rows = rows;
        this.closed = closed;
        this.maxNew = maxNew;
    }

    /** Where a listener begins who reads the list after this. */
    Mono<String> cursor() {
        return Mono.defer(() -> {
            touch();
            return first.asMono().timeout(PATIENCE, Mono.empty()).then(Mono.fromSupplier(this::position));
        });
    }

    private synchronized String position() {
        return epoch + "-" + version;
    }

    /** Changes since a position; those of live runs, if there is none. */
    Flux<byte[]> events(@Nullable String after) {
        return Flux.defer(() -> {
            AtomicReference<@Nullable String> seen = new AtomicReference<>(after);
            return cursor().thenMany(Sse.looks(PAUSE, () -> {
                touch();
                return Flux.just(Sse.Look.of(since(seen), false, false));
            }));
        });
    }

    private synchronized Sse since(AtomicReference<@Nullable String> seen) {
        Sse text = new Sse();
        String now = position();
        String before = seen.getAndSet(now);
        if (now.equals(before)) {
            return text;
        }
        long from = 0;
        if (before != null) {
            from = known(before);
            if (from < forgotten) {
                text.event("reset", now, Map.of());
                return text;
            }
        }
        changes.tailMap(from, false)
                .forEach((at, change) -> text.written(change.type(), epoch + "-" + at, change.data()));
        return text;
    }

    /** The version of a position; -1 if it is of another time. */
    private long known(String position) {
        int dash = position.lastIndexOf('-');
        if (dash < 0 || !position.substring(0, dash).equals(epoch)) {
            return -1;
        }
        try {
            long at = Long.parseLong(position.substring(dash + 1));
            return at <= version ? at : -1;
        } catch (NumberFormatException none) {
            return -1;
        }
    }

    // --- looking

    private void touch() {
        touched = System.nanoTime();
        if (isLooking.compareAndSet(false, true)) {
            begin();
            Flux.interval(Duration.ZERO, PAUSE, Schedulers.parallel())
                    .onBackpressureDrop()
                    .takeWhile(any -> System.nanoTime() - touched < INTEREST.toNanos())
                    .concatMap(any -> look(), 1)
                    .takeUntilOther(closed)
                    .doFinally(any -> isLooking.set(false))
                    .subscribe();
        }
    }

    private synchronized void begin() {
        epoch = Long.toString(System.nanoTime() & Long.MAX_VALUE, 36);
        version = 0;
        forgotten = 0;
        changes.clear();
        versions.clear();
        live.clear();
        newest.clear();
        told.clear();
        undecided.clear();
        first = Sinks.empty();
    }

    /** What is there as a look begins: of a group the runs that are new, and those that are live. */
    private record Seen(Sources.Group group, List<Sources.Found> fresh, List<String> live) {}

    private Mono<Void> look() {
        return Flux.range(0, sources.groups().size())
                .concatMap(this::seen, 1)
                .collectList()
                .doOnNext(all -> first.tryEmitEmpty()) // who lists the runs from here on misses nothing
                .flatMapMany(Flux::fromIterable)
                .concatMap(this::look, 1)
                .thenMany(Flux.defer(this::counted))
                .then()
                .subscribeOn(Schedulers.boundedElastic())
                .onErrorResume(unreadable -> {
                    LOG.debug("the inspector cannot look at the runs", unreadable);
                    return Mono.empty();
                })
                .doFinally(any -> first.tryEmitEmpty());
    }

    private Mono<Seen> seen(int index) {
        Sources.Group group = sources.groups().get(index);
        return fresh(index, group).map(fresh -> {
            List<String> ids = new ArrayList<>();
            group.runs().forEach(runs -> runs.live().forEach(run -> ids.add(run.runId())));
            return new Seen(group, fresh, ids);
        });
    }

    private Mono<Void> look(Seen seen) {
        Map<String, Sources.Found> shown = new LinkedHashMap<>();
        seen.fresh().forEach(each -> shown.put(each.id(), each));
        return Flux.fromIterable(seen.live())
                .concatMap(id -> known(seen.group(), id), 1)
                .doOnNext(found -> shown.put(found.id(), found))
                .thenMany(Flux.defer(() -> ended(seen.group())))
                .doOnNext(found -> shown.put(found.id(), found))
                .thenMany(Flux.defer(() -> Flux.fromIterable(List.copyOf(shown.values()))))
                .flatMapSequential(found -> rows.row(found).doOnNext(row -> tell(found, row)), 4, 1)
                .then();
    }

    // --- counting

    /** Its row is told once it has been replayed. */
    void countLater(Sources.Found run) {
        synchronized (uncounted) {
            uncounted.put(run.id(), run);
            if (uncounted.size() > MAX_UNCOUNTED) {
                uncounted.remove(uncounted.keySet().iterator().next());
            }
        }
    }

    private Flux<Map<String, @Nullable Object>> counted() {
        long until = System.nanoTime() + COUNTING_NANOS;
        List<Sources.Found> waiting;
        synchronized (uncounted) {
            waiting = List.copyOf(uncounted.values());
        }
        return Flux.fromIterable(waiting)
                .takeWhile(any -> System.nanoTime() - until < 0)
                .concatMap(
                        run -> rows.row(run).doOnNext(row -> {
                            synchronized (uncounted) {
                                uncounted.remove(run.id());
                            }
                            tell(run, row);
                        }),
                        1);
    }

    // --- runs

    /** What a list says of a live run changes no more, but that it is live. */
    private Mono<Sources.Found> known(Sources.Group group, String id) {
        Sources.Found before = live.get(id);
        return before != null ? Mono.just(before) : Sources.find(group, id).doOnNext(found -> live.put(id, found));
    }

    /** Those that were live at the last look and are no more, as the journal has them. */
    private Flux<Sources.Found> ended(Sources.Group group) {
        List<Sources.Found> over = new ArrayList<>();
        for (Sources.Found each : List.copyOf(live.values())) {
            if (group.runs().contains(each.runs()) && each.live() == null) {
                over.add(each);
            }
        }
        return Flux.fromIterable(over)
                .concatMap(each -> Sources.find(group, each.id()).doOnSuccess(found -> left(each.id(), found)), 1);
    }

    /** The note of a run's end may come a moment after it; a run that was suspended never has one. */
    private void left(String id, Sources.@Nullable Found found) {
        if (found == null) {
            live.remove(id);
            gone(id);
        } else if (found.isEnded() || undecided.merge(id, 1, Integer::sum) == LOOKS_AFTER_THE_END) {
            live.remove(id);
            undecided.remove(id);
        }
    }

    /** The runs that came into the journal since the last look. */
    private Mono<List<Sources.Found>> fresh(int index, Sources.Group group) {
        String last = newest.get(index);
        return group.any()
                .list(RunFilter.all().newestFirst())
                .takeWhile(info -> last != null && !info.runId().equals(last))
                .take(maxNew + 1L)
                .collectList()
                .flatMap(infos ->
                        last == null ? newestOf(group).map(List::of).defaultIfEmpty(List.of()) : Mono.just(infos))
                .map(infos -> {
                    if (!infos.isEmpty()) {
                        newest.put(index, infos.get(0).runId());
                    } else if (last == null) {
                        newest.put(index, "");
                    }
                    if (last == null) {
                        return List.<Sources.Found>of();
                    }
                    if (infos.size() > maxNew) {
                        reset();
                        return List.<Sources.Found>of();
                    }
                    return found(group, infos);
                });
    }

    private static Mono<RunInfo> newestOf(Sources.Group group) {
        return group.any().list(RunFilter.all().newestFirst()).next();
    }

    private static List<Sources.Found> found(Sources.Group group, List<RunInfo> infos) {
        List<Sources.Found> found = new ArrayList<>();
        for (RunInfo info : infos) {
            Runs<?> runs = group.of(info);
            if (runs != null) {
                found.add(0, new Sources.Found(runs, info));
            }
        }
        return found;
    }

    // --- telling

    private void tell(Sources.Found found, Map<String, @Nullable Object> row) {
        String text = Json.text(row);
        if (!text.equals(told.put(found.id(), text))) {
            add("run", found.id(), text);
        }
        if (found.live() == null) {
            told.remove(found.id());
        }
    }

    private void gone(String id) {
        told.remove(id);
        add("gone", id, Json.text(Map.of("id", id)));
    }

    private synchronized void add(String type, String id, String data) {
        version++;
        Long before = versions.put(id, version);
        if (before != null) {
            changes.remove(before);
        }
        changes.put(version, new Change(type, id, data));
        if (changes.size() > MAX_CHANGES) {
            Map.Entry<Long, Change> eldest = changes.firstEntry();
            forgotten = eldest.getKey();
            changes.remove(forgotten);
            versions.remove(eldest.getValue().id());
        }
    }

    /** Everybody reads the list again. */
    private synchronized void reset() {
        version++;
        forgotten = version;
        changes.clear();
        versions.clear();
    }
}
