package io.flotilla.inspector;

import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.run.RunFilter;
import io.flotilla.run.RunInfo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Pages of the runs in the journals, the newest first, or by id where ids are looked for. A page takes a bounded time: where few runs
 * match, it may have fewer than were asked for, and the next one goes on from the last that was looked at. Thread-safe.
 */
final class RunList {

    static final int DEFAULT_LIMIT = 50;
    static final int MAX_LIMIT = 500;

    /** How long a page looks for runs that match. */
    private static final long MAX_NANOS = Duration.ofMillis(100).toNanos();

    private static final Set<String> STATUSES =
            new TreeSet<>(Arrays.asList("live", "unfinished", "succeeded", "failed", "cancelled"));

    /** How long replays may take of a page; what is left is counted later, and told. */
    private static final long COUNTING_NANOS = Duration.ofMillis(75).toNanos();

    private final Sources sources;
    private final Rows rows;
    private final Consumer<Sources.Found> later;

    /** {@code later} counts a run some time later, and tells. */
    RunList(Sources sources, Rows rows, Consumer<Sources.Found> later) {
        this.sources = sources;
        this.rows = rows;
        this.later = later;
    }

    /** A run in the list of its journal. */
    private record Item(int group, RunInfo info) {}

    /** What is asked for. */
    private record Search(
            @Nullable String workflow,
            Set<String> statuses,
            Map<String, String> labels,
            @Nullable String id,
            int limit,
            List<@Nullable String> after) {

        boolean matches(RunInfo run) {
            return (workflow == null || workflow.equals(run.workflow()))
                    && (id == null || run.runId().startsWith(id))
                    && run.labels().entrySet().containsAll(labels.entrySet())
                    && (statuses.isEmpty()
                            || statuses.contains(Rows.status(run, null, false))
                            || (statuses.contains("live") && run.isLive()));
        }

        boolean isBehind(RunInfo run) {
            return id != null && run.runId().compareTo(id) > 0 && !run.runId().startsWith(id);
        }
    }

    Mono<Map<String, @Nullable Object>> page(Query query) {
        Search search = search(query);
        return Mono.defer(() -> page(search))
                .onErrorMap(
                        RunDeletedException.class,
                        gone -> ApiError.of(410, "cursor-gone", "the run after which this page begins was deleted"))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private Search search(Query query) {
        Set<String> statuses = new TreeSet<>();
        for (String some : query.texts("status")) {
            statuses.addAll(Arrays.asList(some.split(",", -1)));
        }
        statuses.remove("");
        if (!STATUSES.containsAll(statuses)) {
            throw ApiError.parameter("status", "must be of " + String.join(", ", STATUSES));
        }
        Map<String, String> labels = new LinkedHashMap<>();
        for (String label : query.texts("label")) {
            int colon = label.indexOf(':');
            if (colon < 1) {
                throw ApiError.parameter("label", "must be NAME:VALUE");
            }
            labels.put(label.substring(0, colon), label.substring(colon + 1));
        }
        String id = query.text("id");
        if (id != null) {
            checkId("id", id);
        }
        return new Search(
                query.text("workflow"),
                statuses,
                labels,
                id,
                (int) query.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
                cursor(query.text("after")));
    }

    private static String checkId(String name, String id) {
        try {
            return JournalBounds.checkRunId(id);
        } catch (IllegalArgumentException none) {
            throw ApiError.parameter(name, "is no run id");
        }
    }

    // --- cursors: for each journal the last run that was looked at

    private List<@Nullable String> cursor(@Nullable String text) {
        int size = sources.groups().size();
        List<@Nullable String> after = new ArrayList<>();
        if (text == null) {
            for (int group = 0; group < size; group++) {
                after.add(null);
            }
            return after;
        }
        String[] ids;
        try {
            ids = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", -1);
        } catch (IllegalArgumentException none) {
            throw ApiError.parameter("after", "is no cursor");
        }
        if (ids.length != size) {
            throw ApiError.parameter("after", "is no cursor");
        }
        for (String id : ids) {
            after.add(id.isEmpty() ? null : checkId("after", id));
        }
        return after;
    }

    private static String cursor(List<@Nullable String> after) {
        List<String> ids = after.stream().map(id -> id == null ? "" : id).toList();
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(String.join(" ", ids).getBytes(StandardCharsets.UTF_8));
    }

    // --- pages

    private Mono<Map<String, @Nullable Object>> page(Search search) {
        List<@Nullable String> after = new ArrayList<>(search.after());
        List<Sources.Found> found = new ArrayList<>();
        boolean[] hasMore = new boolean[1];
        int[] looked = new int[1];
        long begun = System.nanoTime();
        return items(search)
                .takeWhile(item -> !search.isBehind(item.info()))
                .takeUntil(item -> {
                    after.set(item.group(), item.info().runId());
                    Sources.Group group = sources.groups().get(item.group());
                    var runs = group.of(item.info());
                    if (runs != null && search.matches(item.info())) {
                        found.add(new Sources.Found(runs, item.info()));
                    }
                    looked[0]++;
                    boolean isTiresome = looked[0] - found.size() > search.limit();
                    hasMore[0] =
                            found.size() == search.limit() || (isTiresome && System.nanoTime() - begun > MAX_NANOS);
                    return hasMore[0];
                })
                .then(Mono.defer(() -> rows(found).collectList().map(list -> {
                    Map<String, @Nullable Object> page = new LinkedHashMap<>();
                    page.put("runs", list);
                    page.put("next", hasMore[0] ? cursor(after) : null);
                    return page;
                })));
    }

    private Flux<Map<String, @Nullable Object>> rows(List<Sources.Found> found) {
        long until = System.nanoTime() + COUNTING_NANOS;
        return Flux.fromIterable(found)
                .flatMapSequential(
                        run -> {
                            if (rows.isQuick(run, System.nanoTime() - until < 0)) {
                                return rows.row(run);
                            }
                            later.accept(run);
                            return Mono.just(Rows.uncounted(run));
                        },
                        4,
                        1);
    }

    private Flux<Item> items(Search search) {
        List<Flux<Item>> all = new ArrayList<>();
        for (int index = 0; index < sources.groups().size(); index++) {
            int group = index;
            all.add(sources.groups()
                    .get(group)
                    .any()
                    .list(filter(search, search.after().get(group)))
                    .map(info -> new Item(group, info)));
        }
        Comparator<Item> order = search.id() == null
                ? Comparator.comparing((Item item) -> item.info().startedAt()).reversed()
                : Comparator.comparing(item -> item.info().runId());
        @SuppressWarnings({"unchecked", "rawtypes"})
        Flux<Item>[] several = all.toArray(new Flux[0]);
        return several.length == 1 ? several[0] : Flux.mergeComparing(1, order, several);
    }

    private static RunFilter filter(Search search, @Nullable String after) {
        RunFilter filter = RunFilter.all();
        Set<String> statuses = search.statuses();
        boolean wantsLive = statuses.contains("live") || statuses.contains("unfinished");
        if (!statuses.isEmpty() && !wantsLive) {
            filter = filter.status(RunInfo.Status.SUCCEEDED, RunInfo.Status.FAILED, RunInfo.Status.CANCELLED);
        } else if (Set.of("live", "unfinished").containsAll(statuses) && !statuses.isEmpty()) {
            filter = filter.status(RunInfo.Status.UNFINISHED);
        }
        if (search.id() == null) {
            filter = filter.newestFirst();
            return after == null ? filter : filter.after(after);
        }
        String from = after == null ? before(search.id()) : after;
        return from.isEmpty() ? filter : filter.after(from);
    }

    /** The last id that can come before those that begin so; empty if there is none. */
    private static String before(String prefix) {
        int last = prefix.length() - 1;
        return prefix.charAt(last) == '!'
                ? prefix.substring(0, last)
                : prefix.substring(0, last)
                        + (char) (prefix.charAt(last) - 1)
                        + "~".repeat(JournalBounds.MAX_RUN_ID_LENGTH - prefix.length());
    }
}
