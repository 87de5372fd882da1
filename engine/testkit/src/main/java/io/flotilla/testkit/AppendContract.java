package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalEntryTooLargeException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.StaleAppendException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.util.RaceTestUtils;

/** What an append of a journal must do. */
@NullUnmarked // it hands in nulls on purpose
abstract class AppendContract extends JournalFixture {

    @Test
    void append_toANewRun_givesTheNextSequence() {
        StepVerifier.create(journal.append("run", 0, entries(0, 1)))
                .expectNext(1L)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void append_again_goesOnWhereTheRunEnds() {
        assertThat(append("run", 0, 3)).isEqualTo(3);
        assertThat(append("run", 3, 4)).isEqualTo(4);
        assertThat(append("run", 4, 10)).isEqualTo(10);

        assertThat(read("run")).isEqualTo(entries(0, 10));
    }

    @Test
    void append_notSubscribed_writesNothing() {
        journal.append("run", 0, entries(0, 1));

        assertThat(read("run")).isEmpty();
    }

    @Test
    void append_subscribedTwice_isTwoAppends() {
        Mono<Long> append = journal.append("run", 0, entries(0, 2));

        assertThat(append.block(SOON)).isEqualTo(2);
        StepVerifier.create(append).expectError(StaleAppendException.class).verify(SOON);
        assertThat(read("run")).hasSize(2);
    }

    @Test
    void append_toTwoRuns_keepsThemApart() {
        append("a", 0, 2);
        append("b", 0, 3);
        append("a", 2, 3);

        assertThat(read("a")).isEqualTo(entries(0, 3));
        assertThat(read("b")).isEqualTo(entries(0, 3));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 4, 6, 7, 1_000_000, 4_294_967_000L})
    void append_stale_namesBothSequencesAndWritesNothing(long expected) {
        append("run", 0, 5);

        StepVerifier.create(journal.append("run", expected, entries(expected, expected + 2)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(StaleAppendException.class, stale -> {
                            assertThat(stale.runId()).isEqualTo("run");
                            assertThat(stale.expected()).isEqualTo(expected);
                            assertThat(stale.actual()).isEqualTo(5);
                        })
                        .hasMessageContainingAll("run", Long.toString(expected), "5"))
                .verify(SOON);
        assertThat(read("run")).isEqualTo(entries(0, 5));
    }

    @Test
    void append_toAnUnknownRunNotFromZero_isStaleAndMakesNoRun() {
        StepVerifier.create(journal.append("run", 1, entries(1, 2)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                StaleAppendException.class,
                                stale -> assertThat(stale.actual()).isZero()))
                .verify(SOON);
        assertThat(list(JournalFilter.all())).isEmpty();
    }

    @Test
    void append_afterAStaleOne_stillWorks() {
        append("run", 0, 1);
        StepVerifier.create(journal.append("run", 0, entries(0, 1)))
                .expectError(StaleAppendException.class)
                .verify(SOON);

        assertThat(append("run", 1, 2)).isEqualTo(2);
    }

    @Test
    void appendDirect_coldAndCheckedAndKept_asAppend() {
        Mono<Long> append = journal.appendDirect("run", 0, entries(0, 2));
        assertThat(read("run")).as("cold").isEmpty();

        assertThat(append.block(SOON)).isEqualTo(2);
        StepVerifier.create(append).expectError(StaleAppendException.class).verify(SOON);
        assertThat(append("run", 2, 3)).isEqualTo(3);
        assertThat(journal.appendDirect("run", 3, entries(3, 5)).block(SOON)).isEqualTo(5);
        assertThat(read("run")).isEqualTo(entries(0, 5));
        assertThatThrownBy(() -> journal.appendDirect("run", 5, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @RepeatedTest(20)
    void append_twoAtOnce_exactlyOneWins() {
        append("run", 0, 1);
        List<JournalEntry> left = List.of(typed(1, NOON, "left"), typed(2, NOON, "left"));
        List<JournalEntry> right = List.of(typed(1, NOON, "right"));
        AtomicReference<Object> leftEnd = new AtomicReference<>();
        AtomicReference<Object> rightEnd = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(2);

        RaceTestUtils.race(
                () -> journal.append("run", 1, left)
                        .cast(Object.class)
                        .onErrorResume(Mono::just)
                        .doFinally(any -> ended.countDown())
                        .subscribe(leftEnd::set),
                () -> journal.append("run", 1, right)
                        .cast(Object.class)
                        .onErrorResume(Mono::just)
                        .doFinally(any -> ended.countDown())
                        .subscribe(rightEnd::set));

        await(ended);
        List<JournalEntry> kept = read("run");
        if (leftEnd.get().equals(3L)) {
            assertThat(rightEnd.get()).isInstanceOf(StaleAppendException.class);
            assertThat(kept.subList(1, kept.size())).isEqualTo(left);
        } else {
            assertThat(leftEnd.get()).isInstanceOf(StaleAppendException.class);
            assertThat(rightEnd.get()).isEqualTo(2L);
            assertThat(kept.subList(1, kept.size())).isEqualTo(right);
        }
    }

    @Test
    void append_ofManyRunsAtOnce_writesAllOfThem() {
        Flux.range(0, 64)
                .flatMap(
                        run -> Flux.range(0, 20).concatMap(at -> journal.append("run-" + run, at, entries(at, at + 1))),
                        64)
                .blockLast(SOON);

        assertThat(list(JournalFilter.all())).hasSize(64);
        for (int run = 0; run < 64; run++) {
            assertThat(read("run-" + run)).isEqualTo(entries(0, 20));
        }
    }

    @Test
    void append_withoutWaitingForTheOneBefore_keepsTheOrderOfSubscription() {
        CountDownLatch ended = new CountDownLatch(100);
        for (int at = 0; at < 100; at++) {
            journal.append("run", at, entries(at, at + 1)).subscribe(next -> ended.countDown());
        }

        await(ended);
        assertThat(read("run")).isEqualTo(entries(0, 100));
    }

    @Test
    void append_ofTheMostEntries_isOneAppend() {
        assertThat(append("run", 0, 10_000)).isEqualTo(10_000);
        assertThat(read("run")).isEqualTo(entries(0, 10_000));
    }

    @Test
    void append_ofPayloadsOfTheMostBytes_keepsThem() {
        byte[] payload = new byte[maxPayloadBytes()];
        new Random(1).nextBytes(payload);
        List<JournalEntry> large = IntStream.range(0, 5)
                .mapToObj(at -> new JournalEntry(at, NOON, "large", payload))
                .toList();

        journal.append("run", 0, large).block(SOON);

        assertThat(read("run")).isEqualTo(large);
    }

    @Test
    void append_ofOnePayloadThatIsTooLarge_namesItAndWritesNothing() {
        JournalEntry large = new JournalEntry(1, NOON, "large", new byte[maxPayloadBytes() + 1]);

        StepVerifier.create(journal.append("run", 0, List.of(entry(0), large, entry(2))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(JournalEntryTooLargeException.class, refused -> {
                            assertThat(refused.runId()).isEqualTo("run");
                            assertThat(refused.sequence()).isEqualTo(1);
                            assertThat(refused.size()).isEqualTo(maxPayloadBytes() + 1);
                            assertThat(refused.maxSize()).isEqualTo(maxPayloadBytes());
                        }))
                .verify(SOON);
        assertThat(read("run")).isEmpty();
        assertThat(list(JournalFilter.all())).isEmpty();
    }

    @Test
    void append_ofAListThatChangesAfterwards_writesWhatItWas() {
        List<JournalEntry> changing = new ArrayList<>(entries(0, 2));
        Mono<Long> append = journal.append("run", 0, changing);
        changing.clear();

        assertThat(append.block(SOON)).isEqualTo(2);
    }

    @Test
    void append_ofExtremeEntries_keepsThemToTheNanosecond() {
        List<JournalEntry> extreme = List.of(
                new JournalEntry(0, JournalEntry.MIN_TIMESTAMP, "!", new byte[0]),
                new JournalEntry(1, JournalEntry.MAX_TIMESTAMP, "~".repeat(64), new byte[] {0}),
                new JournalEntry(2, Instant.EPOCH, "a'b\"c;--", new byte[] {-1, 0, -1}),
                new JournalEntry(3, Instant.ofEpochSecond(-1, 999_999_999), "x", new byte[] {127}));
        String runId = "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~";

        journal.append(runId, 0, extreme).block(SOON);

        assertThat(read(runId)).isEqualTo(extreme);
        assertThat(list(JournalFilter.all())).containsExactly(runId);
    }
}
