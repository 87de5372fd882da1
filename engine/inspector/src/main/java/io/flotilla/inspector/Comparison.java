package io.flotilla.inspector;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.run.RunFact;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Where two runs part: the first fact of one that the other has not at its place. When something happened, and how many tokens it took,
 * makes no difference; what was decided and answered does, though it is not shown.
 */
final class Comparison {

    /** Of the first fact: that runs are of other workflows or have other labels shows elsewhere. See format.md of core. */
    private static final Set<String> IGNORED = Set.of(
            "digestBefore",
            "digestAfter",
            "timeShifted",
            "inputTokens",
            "outputTokens",
            "cost",
            "attempts",
            "labels",
            "parent",
            "priority",
            "version",
            "planHash",
            "plan",
            "question");

    /** A fact as it is compared, and as it is shown; without a fact behind the end of a run. */
    private record Place(@Nullable RunFact fact, @Nullable Object content) {

        private static final Place END = new Place(null, null);

        boolean isLike(Place other) {
            if (fact == null || other.fact == null) {
                return fact == null && other.fact == null;
            }
            return fact.type().equals(other.fact.type()) && isSame(content, other.content);
        }

        /** The users' values compare themselves. */
        private static boolean isSame(@Nullable Object one, @Nullable Object other) {
            try {
                return Objects.deepEquals(one, other);
            } catch (Throwable broken) {
                return false;
            }
        }

        @Nullable Map<String, @Nullable Object> toMap() {
            if (fact == null) {
                return null;
            }
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("fact", fact.sequence());
            form.put("type", fact.type());
            form.put("at", fact.at().toString());
            form.put(
                    "events", fact.events().stream().map(event -> event.toMap()).toList());
            return form;
        }
    }

    /** Two places with the same number. */
    private record Pair(long position, Place a, Place b) {}

    private Comparison() {}

    static Mono<Map<String, @Nullable Object>> of(Sources.Found a, Sources.Found b) {
        return Flux.zip(all -> new Place[] {(Place) all[0], (Place) all[1]}, 1, places(a), places(b))
                .index((position, both) -> new Pair(position, both[0], both[1]))
                .takeUntil(pair -> !pair.a().isLike(pair.b()) || pair.a().fact() == null)
                .last()
                .map(pair -> form(a, b, pair))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static Flux<Place> places(Sources.Found run) {
        Journal journal = Objects.requireNonNull(run.runs().workflow().journal(), "runs have a journal");
        Flux<JournalEntry> entries = journal.read(run.id(), 0);
        return Flux.zip(
                        all -> place((RunFact) all[0], (JournalEntry) all[1], journal),
                        1,
                        run.recorded().facts(),
                        entries)
                .concatWith(Flux.just(Place.END).repeat());
    }

    private static Place place(RunFact fact, JournalEntry entry, Journal journal) {
        Object content;
        try {
            content = content(journal.codec().decode(entry.payload()));
        } catch (RuntimeException unreadable) {
            content = Arrays.hashCode(entry.payload());
        }
        return new Place(fact, content);
    }

    private static @Nullable Object content(@Nullable Object decoded) {
        if (!(decoded instanceof Map<?, ?> fields)) {
            return decoded;
        }
        Map<Object, @Nullable Object> compared = new HashMap<>(fields);
        compared.keySet().removeAll(IGNORED);
        return compared;
    }

    private static Map<String, @Nullable Object> form(Sources.Found a, Sources.Found b, Pair last) {
        boolean isDifferent = !last.a().isLike(last.b());
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("a", a.id());
        form.put("b", b.id());
        form.put("common", last.position());
        if (isDifferent) {
            Map<String, @Nullable Object> difference = new LinkedHashMap<>();
            difference.put("position", last.position());
            difference.put("a", last.a().toMap());
            difference.put("b", last.b().toMap());
            form.put("difference", difference);
        } else {
            form.put("difference", null);
        }
        return form;
    }
}
