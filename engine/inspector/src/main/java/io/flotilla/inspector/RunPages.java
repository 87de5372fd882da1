package io.flotilla.inspector;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFact;
import io.flotilla.run.RunState;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What is shown of one run. Thread-safe. */
final class RunPages {

    static final int DEFAULT_ENTRIES = 5_000;
    static final int MAX_ENTRIES = 1_000_000;

    /** How many of those who are awaited are named. */
    private static final int MAX_NAMED = 100;

    /** Events in a piece of the response. */
    private static final int PIECE = 256;

    private final Rows rows;

    RunPages(Rows rows) {
        this.rows = rows;
    }

    private static Mono<RunState> now(Sources.Found run) {
        Run<?> live = run.live();
        Mono<RunState> recorded = run.runs().replay(run.id()).subscribeOn(Schedulers.boundedElastic());
        return live == null ? recorded : live.state().onErrorResume(broken -> recorded);
    }

    // --- the run

    Mono<Map<String, @Nullable Object>> details(Sources.Found run) {
        Mono<Map<String, @Nullable Object>> overview = run.isEnded()
                ? run.recorded().overview().subscribeOn(Schedulers.boundedElastic())
                : Mono.just(Map.of());
        return Mono.zip(rows.row(run), now(run), overview).map(all -> {
            RunState state = all.getT2();
            Map<String, @Nullable Object> form = state.toMap();
            Topology topology = run.runs().workflow().topology();
            Map<String, @Nullable Object> details = new LinkedHashMap<>();
            details.put("run", all.getT1());
            details.put("topology", topology.toMap());
            details.put("branches", state.branches().size());
            details.put("branchesEnded", form.get("ended"));
            details.put("joins", joins(state));
            details.put("rendezvous", rendezvous(state, topology));
            details.put("questions", form.get("questions"));
            details.put("waits", form.get("waits"));
            details.put("signals", form.get("signals"));
            details.put("usage", form.get("usage"));
            details.put("result", all.getT3().get("result"));
            return details;
        });
    }

    /** The forks that wait, and the branches of them that have not ended. */
    private static List<Object> joins(RunState state) {
        Map<BranchPath, List<BranchPath>> members = new HashMap<>();
        for (RunState.BranchState branch : state.branches()) {
            BranchPath parent = branch.path().parent();
            if (parent != null) {
                members.computeIfAbsent(parent, any -> new ArrayList<>()).add(branch.path());
            }
        }
        List<Object> joins = new ArrayList<>();
        for (RunState.BranchState branch : state.branches()) {
            if (branch.status() == RunState.BranchStatus.JOINING) {
                joins.add(waiting(branch.agent(), branch.path(), members.getOrDefault(branch.path(), List.of())));
            }
        }
        return joins;
    }

    /** The rendezvous that live branches can still come to. */
    private static List<Object> rendezvous(RunState state, Topology topology) {
        Map<String, List<BranchPath>> byAgent = new TreeMap<>();
        state.branches()
                .forEach(branch -> byAgent.computeIfAbsent(branch.agent(), any -> new ArrayList<>())
                        .add(branch.path()));
        Map<String, List<BranchPath>> coming = new TreeMap<>();
        byAgent.forEach((agent, paths) -> reachable(agent, topology).stream()
                .filter(topology::isRendezvous)
                .forEach(to ->
                        coming.computeIfAbsent(to, any -> new ArrayList<>()).addAll(paths)));
        List<Object> all = new ArrayList<>();
        coming.forEach((agent, paths) -> all.add(waiting(agent, null, paths)));
        return all;
    }

    private static Set<String> reachable(String from, Topology topology) {
        Set<String> seen = new HashSet<>();
        ArrayDeque<String> left = new ArrayDeque<>(List.of(from));
        while (!left.isEmpty()) {
            String agent = left.remove();
            if (!agent.equals(Topology.END) && !agent.equals(Topology.USER)) {
                topology.successors(agent).stream().filter(seen::add).forEach(left::add);
            }
        }
        return seen;
    }

    private static Map<String, @Nullable Object> waiting(
            String agent, @Nullable BranchPath branch, List<BranchPath> awaited) {
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("agent", agent);
        form.put("branch", branch == null ? null : branch.toString());
        form.put(
                "awaited",
                awaited.stream().limit(MAX_NAMED).map(BranchPath::toString).toList());
        form.put("awaitedCount", awaited.size());
        return form;
    }

    // --- its facts

    /** The events from one on, with the fact each came of; in pieces, so that a long run is never in memory as a whole. */
    Flux<byte[]> facts(Sources.Found run, Query query) {
        long from = query.number("from", 0, 0, Long.MAX_VALUE);
        long limit = query.number("limit", DEFAULT_ENTRIES, 1, MAX_ENTRIES);
        return Flux.defer(() -> {
                    Pieces pieces = new Pieces(limit);
                    return run.recorded()
                            .facts()
                            .concatMapIterable(RunPages::entries, 1)
                            .skipUntil(entry -> entry.sequence() >= from)
                            .take(limit + 1)
                            .buffer(PIECE)
                            .map(pieces::next)
                            .concatWith(Mono.fromSupplier(pieces::end));
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** An event, and the fact that it came of. */
    record Entry(long fact, RunEvent event, Usage used) {

        long sequence() {
            return event.sequence();
        }

        Map<String, @Nullable Object> toMap() {
            Map<String, @Nullable Object> form = new LinkedHashMap<>(event.toMap());
            form.put("fact", fact);
            if (event instanceof RunEvent.StepSettled || event instanceof RunEvent.CompensationSettled) {
                form.put("used", used.toMap());
            }
            return form;
        }
    }

    static List<Entry> entries(RunFact fact) {
        return fact.events().stream()
                .map(event -> new Entry(fact.sequence(), event, fact.used()))
                .toList();
    }

    /** The response, written piece by piece. Not thread-safe. */
    private static final class Pieces {

        private long left;
        private @Nullable Long next;
        private boolean isBegun;

        Pieces(long limit) {
            this.left = limit;
        }

        byte[] next(List<Entry> entries) {
            StringBuilder text = new StringBuilder(128 * entries.size());
            for (Entry entry : entries) {
                if (left == 0) {
                    next = entry.sequence();
                    break;
                }
                left--;
                text.append(isBegun ? ",\n" : "{\"entries\":[\n");
                isBegun = true;
                text.append(Json.text(entry.toMap()));
            }
            return bytes(text.toString());
        }

        byte[] end() {
            return bytes((isBegun ? "" : "{\"entries\":[") + "],\"next\":" + next + "}");
        }
    }

    // --- its state, and what it has used

    Mono<Map<String, @Nullable Object>> state(Sources.Found run, Query query) {
        String at = query.text("at");
        String event = query.text("event");
        if (at == null && event == null) {
            return now(run).map(RunState::toMap);
        }
        Mono<Long> facts = at != null
                ? Mono.just(query.number("at", 0, 0, Long.MAX_VALUE))
                : factOf(run, query.number("event", 0, 0, Long.MAX_VALUE)).map(fact -> fact + 1);
        return facts.flatMap(count -> run.runs().stateAt(run.id(), count))
                .map(RunState::toMap)
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** The fact that an event came of; the last one there is, if it has not happened. */
    static Mono<Long> factOf(Sources.Found run, long event) {
        return run.recorded()
                .facts()
                .takeUntil(fact -> fact.events().stream().anyMatch(each -> each.sequence() >= event))
                .last()
                .map(RunFact::sequence)
                .subscribeOn(Schedulers.boundedElastic());
    }

    Mono<Map<String, @Nullable Object>> usage(Sources.Found run) {
        return run.recorded()
                .facts()
                .reduceWith(UsageByAgent::new, UsageByAgent::add)
                .map(UsageByAgent::toMap)
                .subscribeOn(Schedulers.boundedElastic());
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
