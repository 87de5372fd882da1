package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalEntryTooLargeException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.StaleAppendException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.util.RaceTestUtils;

/**
 * Tests of what every {@link Journal} must do. Extend this class and say how your journal is opened:
 *
 * <pre>{@code
 * class MyJournalTest extends JournalContract {
 *     protected Journal open() {
 *         return new MyJournal();
 *     }
 * }
 * }</pre>
 *
 * <p>Needs JUnit 5 and AssertJ on the class path of the tests, which this module does not bring along.
 *
 * @since 0.1
 */
@Timeout(60)
@NullUnmarked // it hands in nulls on purpose
@SuppressWarnings("exports") // JUnit is optional, so it is not required transitively
public abstract class JournalContract {

    /** The time of all tests; journals have no clock of their own. */
    protected static final Instant NOON = Instant.parse("2026-11-20T12:00:00.123456789Z");

    private static final Duration SOON = Duration.ofSeconds(30);

    private final Queue<Object> dropped = new ConcurrentLinkedQueue<>();
    private Journal journal;

    /** For the tests of a journal. */
    protected JournalContract() {}

    /**
     * Opens a journal that is empty, with payloads of up to {@link #maxPayloadBytes()}.
     *
     * @return a journal; closed after each test
     */
    protected abstract Journal open();

    /**
     * How large a payload may be; room for ten of them is needed.
     *
     * @return a number of bytes
     */
    protected int maxPayloadBytes() {
        return 100_000;
    }

    @BeforeEach
    void openJournal() {
        Hooks.onErrorDropped(dropped::add);
        Hooks.onNextDropped(dropped::add);
        journal = open();
    }

    @AfterEach
    void closeJournal() {
        journal.close().block(SOON);
        Hooks.resetOnErrorDropped();
        Hooks.resetOnNextDropped();
        assertThat(dropped).as("dropped values and errors").isEmpty();
    }

    // --- what tests are made of

    /**
     * An entry whose content follows from its place.
     *
     * @param sequence its place
     * @return the entry
     */
    protected static JournalEntry entry(long sequence) {
        byte[] payload = new byte[(int) (sequence % 50)];
        new Random(sequence).nextBytes(payload);
        return new JournalEntry(sequence, NOON.plusNanos(sequence), "type-" + sequence % 3, payload);
    }

    /**
     * Entries whose content follows from their place.
     *
     * @param from the first
     * @param to the one behind the last
     * @return the entries
     */
    protected static List<JournalEntry> entries(long from, long to) {
        return LongStream.range(from, to).mapToObj(JournalContract::entry).toList();
    }

    private static JournalEntry typed(long sequence, Instant at, String type) {
        return new JournalEntry(sequence, at, type, new byte[] {1, 2, 3});
    }

    private long append(String runId, long from, long to) {
        return journal.append(runId, from, entries(from, to)).block(SOON);
    }

    private List<JournalEntry> read(String runId) {
        return journal.read(runId, 0).collectList().block(SOON);
    }

    private List<String> list(JournalFilter filter) {
        return journal.list(filter).map(RunSummary::runId).collectList().block(SOON);
    }

    // --- append

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

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
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

    // --- bad input

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a\nb", "\u0000", "\u007f", "ä", "\ud83d\ude00"})
    void runId_thatIsNone_isRefusedByEveryCall(String bad) {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append(bad, 0, entries(0, 1)));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.read(bad, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.delete(bad));
    }

    @Test
    void runId_ofTheMostCharacters_isKept_ofOneMore_isRefused() {
        String longest = "r".repeat(200);

        assertThat(append(longest, 0, 1)).isEqualTo(1);
        assertThat(read(longest)).hasSize(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append(longest + "r", 0, entries(0, 1)))
                .withMessageContainingAll("200", "201");
    }

    @Test
    void append_ofNoneOrTooMany_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append("run", 0, entries(0, 10_001)))
                .withMessageContainingAll("10000", "10001");
    }

    @Test
    void append_ofSequencesWithGapsOrDoubles_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, entries(1, 2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append("run", 0, List.of(entry(0), entry(2))))
                .withMessageContainingAll("entry 1", "sequence 1", "had 2");
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, List.of(entry(0), entry(0))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", -1, entries(0, 1)));
    }

    @Test
    void calls_withNull_areRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> journal.append(null, 0, entries(0, 1)));
        assertThatNullPointerException().isThrownBy(() -> journal.append("run", 0, null));
        assertThatNullPointerException().isThrownBy(() -> journal.append("run", 0, Collections.singletonList(null)));
        assertThatNullPointerException().isThrownBy(() -> journal.read(null, 0));
        assertThatNullPointerException().isThrownBy(() -> journal.list(null));
        assertThatNullPointerException().isThrownBy(() -> journal.delete(null));
    }

    @Test
    void read_fromANegativeSequence_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.read("run", -1));
    }

    // --- copy

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 299, 300})
    void copy_ofTheFirstEntries_isARunOfItsOwn(int count) {
        append("run", 0, 300);
        List<JournalEntry> further = List.of(typed(count, NOON, "other"), typed(count + 1, NOON, "way"));

        StepVerifier.create(journal.copy("run", count, "copy", further))
                .expectNext(count + 2L)
                .verifyComplete();

        List<JournalEntry> expected = new ArrayList<>(entries(0, count));
        expected.addAll(further);
        assertThat(read("copy")).isEqualTo(expected);
        assertThat(read("run")).isEqualTo(entries(0, 300));
        assertThat(append("run", 300, 301)).isEqualTo(301);
        assertThat(append("copy", count + 2L, count + 3L)).isEqualTo(count + 3L);
        assertThat(journal.list(JournalFilter.all())
                        .filter(summary -> summary.runId().equals("copy"))
                        .map(RunSummary::entries)
                        .single()
                        .block(SOON))
                .isEqualTo(count + 3L);
    }

    @Test
    void copy_notSubscribed_copiesNothing() {
        append("run", 0, 3);
        journal.copy("run", 3, "copy", List.of(entry(3)));

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_toARunThatIsThere_isStaleAndChangesNothing() {
        append("run", 0, 3);
        append("copy", 0, 2);

        StepVerifier.create(journal.copy("run", 3, "copy", List.of(entry(3)))).verifyError(StaleAppendException.class);
        StepVerifier.create(journal.copy("run", 3, "run", List.of(entry(3)))).verifyError(StaleAppendException.class);

        assertThat(read("copy")).isEqualTo(entries(0, 2));
        assertThat(read("run")).isEqualTo(entries(0, 3));
    }

    @Test
    void copy_ofMoreEntriesThanThereAre_isStaleAndMakesNoRun() {
        append("run", 0, 3);

        StepVerifier.create(journal.copy("run", 4, "copy", List.of(entry(4))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(StaleAppendException.class, stale -> {
                            assertThat(stale.runId()).isEqualTo("run");
                            assertThat(stale.expected()).isEqualTo(4);
                            assertThat(stale.actual()).isEqualTo(3);
                        }))
                .verify(SOON);
        StepVerifier.create(journal.copy("none", 1, "copy", List.of(entry(1)))).verifyError(StaleAppendException.class);

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_withAPayloadThatIsTooLarge_makesNoRun() {
        append("run", 0, 3);
        JournalEntry large = new JournalEntry(3, NOON, "large", new byte[maxPayloadBytes() + 1]);

        StepVerifier.create(journal.copy("run", 3, "copy", List.of(large)))
                .verifyError(JournalEntryTooLargeException.class);

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_withBadArguments_isRefusedAtOnce() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", 1, "copy", List.of(entry(2))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", 1, "copy", List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", -1, "copy", List.of(entry(0))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("", 0, "copy", List.of(entry(0))));
        assertThatNullPointerException().isThrownBy(() -> journal.copy("run", 0, "copy", null));
    }

    // --- read

    @Test
    void read_ofAnUnknownRun_isEmpty() {
        append("run", 0, 3);

        StepVerifier.create(journal.read("other", 0)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("other", 7)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("ru", 0)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("RUN", 0)).expectComplete().verify(SOON);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 257, 999, 1_000, 1_001, 5_000})
    void read_fromASequence_givesTheRest(int from) {
        append("run", 0, 1_000);

        assertThat(journal.read("run", from).collectList().block(SOON))
                .isEqualTo(entries(Math.min(from, 1_000), 1_000));
    }

    @Test
    void read_ofOneEntryAtATime_givesAllInOrder() {
        append("run", 0, 700);
        StepVerifier.Step<JournalEntry> reading = StepVerifier.create(journal.read("run", 0), 0);
        for (JournalEntry next : entries(0, 700)) {
            reading = reading.thenRequest(1).expectNext(next);
        }
        reading.expectComplete().verify(SOON);
    }

    @Test
    void read_withoutDemand_givesNothing() {
        append("run", 0, 10);

        StepVerifier.create(journal.read("run", 0), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .thenRequest(3)
                .expectNextCount(3)
                .expectNoEvent(Duration.ofMillis(50))
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void read_whileAppending_isWhatWasThereWhenItBegan() {
        append("run", 0, 600);
        List<JournalEntry> seen = new ArrayList<>();
        AtomicReference<Subscription> reading = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        journal.read("run", 0).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                reading.set(subscription);
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(JournalEntry value) {
                seen.add(value);
                begun.countDown();
            }

            @Override
            protected void hookOnComplete() {
                ended.countDown();
            }
        });
        await(begun);

        append("run", 600, 1_200);
        reading.get().request(Long.MAX_VALUE);

        await(ended);
        assertThat(seen).isEqualTo(entries(0, 600));
        assertThat(read("run")).isEqualTo(entries(0, 1_200));
    }

    @Test
    void read_manyWhileAppending_areAllPrefixes() {
        append("run", 0, 1);
        Disposable appending = Flux.range(1, 300)
                .concatMap(at -> journal.append("run", at, entries(at, at + 1)))
                .subscribe();
        for (int round = 0; round < 30; round++) {
            List<JournalEntry> seen = read("run");
            assertThat(seen).isNotEmpty().isEqualTo(entries(0, seen.size()));
        }
        appending.dispose();
    }

    @Test
    void read_ofARunThatIsDeletedMeanwhile_isWholeOrAnError() {
        append("run", 0, 2_000);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<JournalEntry> seen = new ArrayList<>();
        CountDownLatch ended = new CountDownLatch(1);
        journal.read("run", 0).doFinally(any -> ended.countDown()).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(JournalEntry value) {
                seen.add(value);
                if (seen.size() == 1) {
                    journal.delete("run")
                            .then(journal.append("run", 0, entries(0, 1)))
                            .doFinally(any -> request(Long.MAX_VALUE))
                            .subscribe();
                }
            }

            @Override
            protected void hookOnError(Throwable error) {
                failure.set(error);
            }
        });

        await(ended);
        assertThat(seen).isEqualTo(entries(0, seen.size()));
        if (seen.size() < 2_000) {
            assertThat(failure.get()).isInstanceOf(RunDeletedException.class);
        }
    }

    @Test
    void read_cancelled_stops() {
        append("run", 0, 2_000);

        StepVerifier.create(journal.read("run", 0).take(3))
                .expectNextSequence(entries(0, 3))
                .expectComplete()
                .verify(SOON);
        assertThat(read("run")).hasSize(2_000);
    }

    @Test
    void read_subscribedTwice_readsTwice() {
        append("run", 0, 2);
        Flux<JournalEntry> reading = journal.read("run", 0);
        assertThat(reading.collectList().block(SOON)).hasSize(2);

        append("run", 2, 3);

        assertThat(reading.collectList().block(SOON)).hasSize(3);
    }

    @Test
    void payload_changedByWhoReadIt_isUnchangedInTheJournal() {
        append("run", 0, 10);
        byte[] mine = read("run").get(9).payload();
        mine[0]++;

        assertThat(read("run")).isEqualTo(entries(0, 10));
    }

    // --- list

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

    // --- cancel

    @Test
    void append_cancelledAtRandomMoments_leavesTheJournalWhole() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ConcurrentHashMap<String, Long> acknowledged = new ConcurrentHashMap<>();
        int runs = 50;
        for (int round = 0; round < 1_000; round++) {
            String runId = "run-" + round % runs;
            long next = nextSequence(runId);
            Disposable append = journal.append(runId, next, entries(next, next + 1 + random.nextInt(3)))
                    .subscribe(end -> acknowledged.merge(runId, end, Math::max));
            spin(random.nextInt(3) * random.nextInt(20_000));
            append.dispose();
        }
        for (int run = 0; run < runs; run++) {
            String runId = "run-" + run;
            long next = nextSequence(runId);
            journal.append(runId, next, entries(next, next + 1)).block(SOON);
            assertThat(read(runId))
                    .as("seed %s, %s", seed, runId)
                    .isEqualTo(entries(0, next + 1))
                    .hasSizeGreaterThan((int) (long) acknowledged.getOrDefault(runId, 0L));
        }
    }

    /** Asked of the journal behind all that waits: a stale append tells. */
    private long nextSequence(String runId) {
        return journal.append(runId, 4_000_000_000L, entries(4_000_000_000L, 4_000_000_001L))
                .onErrorResume(StaleAppendException.class, stale -> Mono.just(stale.actual()))
                .block(SOON);
    }

    private static void spin(int nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    @Test
    void append_cancelledAtOnce_isCarriedOutAllTheSame() {
        for (int at = 0; at < 100; at++) {
            journal.append("run", at, entries(at, at + 1)).subscribe().dispose();
        }

        assertThat(nextSequence("run")).isEqualTo(100);
        assertThat(read("run")).isEqualTo(entries(0, 100));
    }

    // --- close

    @Test
    void close_thenAnything_isAnError() {
        append("run", 0, 1);
        journal.close().block(SOON);

        StepVerifier.create(journal.append("run", 1, entries(1, 2)))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.read("run", 0))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.list(JournalFilter.all()))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.delete("run"))
                .expectError(JournalClosedException.class)
                .verify(SOON);
    }

    @Test
    void close_again_completes() {
        Mono<Void> close = journal.close();

        StepVerifier.create(close).expectComplete().verify(SOON);
        StepVerifier.create(close).expectComplete().verify(SOON);
        StepVerifier.create(journal.close()).expectComplete().verify(SOON);
    }

    @Test
    void close_notSubscribed_closesNothing() {
        journal.close();

        assertThat(append("run", 0, 1)).isEqualTo(1);
    }

    @Test
    void close_whileAppendsWait_endsEachOfThem() {
        int count = 500;
        Queue<Object> ends = new ConcurrentLinkedQueue<>();
        CountDownLatch ended = new CountDownLatch(count);
        for (int run = 0; run < count; run++) {
            journal.append("run-" + run, 0, entries(0, 1))
                    .cast(Object.class)
                    .onErrorResume(Mono::just)
                    .doFinally(any -> ended.countDown())
                    .subscribe(ends::add);
            if (run == count / 2) {
                journal.close().subscribe();
            }
        }

        await(ended);
        assertThat(ends).hasSize(count).allMatch(end -> end.equals(1L) || end instanceof JournalClosedException);
        assertThat(ends.stream().filter(end -> end.equals(1L)))
                .as("accepted before closing")
                .hasSize(count / 2 + 1);
    }

    @Test
    void close_whileReading_endsTheRead() {
        append("run", 0, 3_000);
        Flux<JournalEntry> closing = journal.read("run", 0).doOnNext(entry -> {
            if (entry.sequence() == 0) {
                journal.close().subscribe();
            }
        });

        StepVerifier.create(
                        closing.collectList().map(List::size).onErrorResume(JournalClosedException.class, closed -> {
                            return Mono.just(3_000);
                        }))
                .expectNext(3_000)
                .expectComplete()
                .verify(SOON);
    }
}
