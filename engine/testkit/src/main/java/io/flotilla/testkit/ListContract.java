package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.StaleAppendException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What listing and deleting runs must do. */
@NullUnmarked // it hands in nulls on purpose
abstract class ListContract extends ReadContract {

    @Test
    void list_ofNone_isEmpty() {
        StepVerifier.create(journal.list(JournalFilter.all())).expectComplete().verify(SOON);
    }

    @Test
    void list_ofARun_hasAllThatIsKnown() {
        append("run", 0, 3);
        append("run", 3, 7);

        StepVerifier.create(journal.list(JournalFilter.all()))
                .expectNext(new RunSummary(
                        "run",
                        7,
                        NOON,
                        NOON.plusNanos(6),
                        "type-0",
                        entries(0, 7).stream()
                                .mapToLong(JournalEntry::payloadSize)
                                .sum()))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void list_ofManyRuns_isOrderedByRunId() {
        List<String> ids = new ArrayList<>(IntStream.range(0, 700)
                .mapToObj(at -> (at % 2 == 0 ? "run-" : "RUN-") + at)
                .toList());
        Collections.shuffle(ids, new Random(5));
        Flux.fromIterable(ids)
                .flatMap(id -> journal.append(id, 0, entries(0, 1)), 256)
                .blockLast(SOON);
        Collections.sort(ids);

        assertThat(list(JournalFilter.all())).isEqualTo(ids);
        assertThat(list(JournalFilter.all().limit(300))).isEqualTo(ids.subList(0, 300));
        StepVerifier.create(journal.list(JournalFilter.all()).map(RunSummary::runId), 0)
                .thenRequest(2)
                .expectNextSequence(ids.subList(0, 2))
                .expectNoEvent(Duration.ofMillis(20))
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void list_filteredByLastType_leavesOutTheOthers() {
        journal.append("a", 0, List.of(typed(0, NOON, "started"), typed(1, NOON, "finished")))
                .block(SOON);
        journal.append("b", 0, List.of(typed(0, NOON, "started"))).block(SOON);
        journal.append("c", 0, List.of(typed(0, NOON, "paused"))).block(SOON);
        JournalFilter all = JournalFilter.all();

        assertThat(list(all.lastTypeIn("started"))).containsExactly("b");
        assertThat(list(all.lastTypeIn("paused", "finished"))).containsExactly("a", "c");
        assertThat(list(all.lastTypeNotIn("finished"))).containsExactly("b", "c");
        assertThat(list(all.lastTypeIn("paused", "finished").lastTypeNotIn("finished")))
                .containsExactly("c");
        assertThat(list(all.lastTypeIn("none"))).isEmpty();
    }

    @Test
    void list_filteredByStart_hasItsFirstInstantAndNotItsLast() {
        for (int second = 0; second < 5; second++) {
            journal.append("run-" + second, 0, List.of(typed(0, NOON.plusSeconds(second), "started")))
                    .block(SOON);
        }
        JournalFilter all = JournalFilter.all();

        assertThat(list(all.startedAtOrAfter(NOON.plusSeconds(3)))).containsExactly("run-3", "run-4");
        assertThat(list(all.startedBefore(NOON.plusSeconds(2)))).containsExactly("run-0", "run-1");
        assertThat(list(all.startedAtOrAfter(NOON.plusSeconds(1)).startedBefore(NOON.plusSeconds(3))))
                .containsExactly("run-1", "run-2");
        assertThat(list(all.startedAtOrAfter(Instant.MIN).startedBefore(Instant.MAX)))
                .hasSize(5);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void list_withALimit_hasTheFirst(long limit) {
        append("c", 0, 1);
        append("a", 0, 1);
        append("b", 0, 1);

        assertThat(list(JournalFilter.all().limit(limit)))
                .isEqualTo(List.of("a", "b", "c").subList(0, (int) Math.min(3, limit)));
    }

    @Test
    void list_newestFirst_isOrderedByWhenRunsCame() {
        List<String> ids = IntStream.range(0, 600)
                .mapToObj(at -> "run-" + (at * 7919 % 600))
                .toList();
        ids.forEach(id -> append(id, 0, 1));
        append(ids.get(0), 1, 2);
        journal.copy(ids.get(1), 1, "copy", List.of(typed(1, NOON, "started"))).block(SOON);
        List<String> expected = new ArrayList<>(ids);
        Collections.reverse(expected);
        expected.add(0, "copy");

        assertThat(newest(JournalFilter.all())).isEqualTo(expected);
        assertThat(newest(JournalFilter.all().limit(3))).isEqualTo(expected.subList(0, 3));
        assertThat(newest(JournalFilter.all().after(expected.get(299)))).isEqualTo(expected.subList(300, 601));
        assertThat(newest(JournalFilter.all().after(expected.get(600)))).isEmpty();
        assertThat(newest(JournalFilter.all().lastTypeIn("started"))).containsExactly("copy");
    }

    @Test
    void list_newestFirstAfterARunThatIsNotThere_isAnError() {
        append("a", 0, 1);
        append("b", 0, 1);
        journal.delete("b").block(SOON);

        StepVerifier.create(journal.list(JournalFilter.all().newestFirst().after("b")))
                .expectError(RunDeletedException.class)
                .verify(SOON);
        assertThat(newest(JournalFilter.all())).containsExactly("a");
    }

    private List<String> newest(JournalFilter filter) {
        return journal.list(filter.newestFirst())
                .map(RunSummary::runId)
                .collectList()
                .block(SOON);
    }

    @Test
    void list_afterARunId_isTheNextPage() {
        for (String id : List.of("c", "a", "B", "b")) {
            append(id, 0, 1);
        }
        JournalFilter all = JournalFilter.all();

        assertThat(list(all.after("B"))).containsExactly("a", "b", "c");
        assertThat(list(all.after("a").limit(1))).containsExactly("b");
        assertThat(list(all.after("aa"))).as("nobody has it").containsExactly("b", "c");
        assertThat(list(all.after("c"))).isEmpty();
        assertThat(list(all.after("a").after("b"))).as("the last one counts").containsExactly("c");
        assertThatIllegalArgumentException().isThrownBy(() -> all.after(""));
        assertThatIllegalArgumentException().isThrownBy(() -> all.after("a b"));
    }

    // --- delete

    @Test
    void delete_ofARun_leavesNothingOfItAndAllOfOthers() {
        append("a", 0, 300);
        append("b", 0, 300);

        assertThat(journal.delete("a").block(SOON)).isTrue();

        assertThat(read("a")).isEmpty();
        assertThat(list(JournalFilter.all())).containsExactly("b");
        assertThat(read("b")).isEqualTo(entries(0, 300));
    }

    @Test
    void delete_ofAnUnknownRun_isFalse() {
        assertThat(journal.delete("run").block(SOON)).isFalse();
    }

    @Test
    void delete_twice_isTrueOnce() {
        append("run", 0, 1);
        Mono<Boolean> delete = journal.delete("run");

        assertThat(delete.block(SOON)).isTrue();
        assertThat(delete.block(SOON)).isFalse();
    }

    @Test
    void delete_thenAppend_beginsAtZero() {
        append("run", 0, 5);
        journal.delete("run").block(SOON);

        StepVerifier.create(journal.append("run", 5, entries(5, 6)))
                .expectError(StaleAppendException.class)
                .verify(SOON);
        assertThat(append("run", 0, 2)).isEqualTo(2);
        assertThat(read("run")).isEqualTo(entries(0, 2));
    }
}
