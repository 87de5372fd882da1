package io.flotilla.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class SharedStateTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final StateKey<Integer> A = StateKey.of("a", Integer.class);
    private static final StateKey<Integer> B = StateKey.of("b", Integer.class);
    private static final StateKey<String> A_AS_TEXT = StateKey.of("a", String.class);

    private final SharedState state = SharedState.create();

    private <T> long put(StateKey<T> key, T value) {
        return state.update(key, before -> value).version();
    }

    // --- one key

    @Test
    void get_neverWritten_hasNoValueAndVersionZero() {
        assertThat(state.get(A)).isEqualTo(new Versioned<>(null, 0));
        assertThat(state.get(A).isPresent()).isFalse();
        assertThat(state.history(A)).isEmpty();
        assertThat(state.version()).isZero();
    }

    @Test
    void compareAndSet_expectedVersion_isCommitted() {
        assertThat(state.compareAndSet(A, 0, 1)).isEqualTo(new Write.Committed<>(1, 1));
        assertThat(state.compareAndSet(A, 1, 2)).isEqualTo(new Write.Committed<>(2, 2));
        assertThat(state.get(A)).isEqualTo(new Versioned<>(2, 2));
    }

    @Test
    void compareAndSet_anotherVersion_isAConflictAndChangesNothing() {
        put(A, 1);
        put(B, 1);

        assertThat(state.compareAndSet(A, 0, 9)).isEqualTo(new Write.Conflict<>(List.of("a"), 2));
        assertThat(state.compareAndSet(A, 2, 9).isCommitted()).isFalse();
        assertThat(state.get(A)).isEqualTo(new Versioned<>(1, 1));
    }

    @Test
    void compareAndRemove_isSeenByWhoHadReadItBefore() {
        long read = put(A, 1);
        assertThat(state.compareAndRemove(A, 0).isCommitted()).isFalse();
        assertThat(state.compareAndRemove(A, read)).isEqualTo(new Write.Committed<>(null, 2));
        assertThat(state.get(A)).isEqualTo(new Versioned<>(null, 2));
        put(A, 1);

        assertThat(state.compareAndSet(A, read, 9))
                .as("the same value again is another version")
                .isInstanceOf(Write.Conflict.class);
    }

    @Test
    void update_otherWritesInBetween_isDoneAgain() {
        AtomicInteger calls = new AtomicInteger();
        Versioned<Integer> result = state.update(A, before -> {
            if (calls.incrementAndGet() == 1) {
                put(A, 10);
            }
            return (before == null ? 0 : before) + 1;
        });

        assertThat(result.value()).isEqualTo(11);
        assertThat(calls).hasValue(2);
    }

    @Test
    void update_toNull_removes() {
        put(A, 1);

        assertThat(state.update(A, before -> null).isPresent()).isFalse();
        assertThat(state.snapshot()).isEmpty();
    }

    @Test
    void update_functionThrows_changesNothing() {
        put(A, 1);
        assertThatIllegalStateException()
                .isThrownBy(() -> state.update(A, before -> {
                    throw new IllegalStateException("boom");
                }));

        assertThat(state.get(A)).isEqualTo(new Versioned<>(1, 1));
    }

    @Test
    void update_manyThreads_losesNothing() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> all = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            all.add(threads.submit(() -> {
                for (int count = 0; count < 5_000; count++) {
                    state.update(A, before -> (before == null ? 0 : before) + 1);
                }
            }));
        }
        for (Future<?> each : all) {
            each.get(30, TimeUnit.SECONDS);
        }
        threads.shutdown();

        assertThat(state.get(A)).isEqualTo(new Versioned<>(20_000, 20_000));
    }

    // --- many keys

    @Test
    void transact_manyKeys_takeEffectAtOneVersion() {
        put(A, 10);
        Write<Integer> write = state.transact(transaction -> {
            int left = transaction.get(A) - 3;
            transaction.put(A, left);
            transaction.put(B, 3);
            assertThat(transaction.get(A)).as("its own write").isEqualTo(7);
            assertThat(state.get(A).value()).as("nobody else sees it yet").isEqualTo(10);
            return left;
        });

        assertThat(write).isEqualTo(new Write.Committed<>(7, 2));
        assertThat(state.get(A)).isEqualTo(new Versioned<>(7, 2));
        assertThat(state.get(B)).isEqualTo(new Versioned<>(3, 2));
    }

    @Test
    void transact_throws_isRolledBackAsAWhole() {
        put(A, 10);
        IllegalStateException boom = new IllegalStateException("boom");
        Write<Object> write = state.transact(transaction -> {
            transaction.put(A, 0);
            transaction.remove(B);
            throw boom;
        });

        assertThat(write).isEqualTo(new Write.RolledBack<>(boom));
        assertThat(state.get(A)).isEqualTo(new Versioned<>(10, 1));
        assertThat(state.version()).isEqualTo(1);
    }

    @Test
    void transact_readKeyIsWrittenByOthers_isAConflictThatNamesIt() {
        put(A, 1);
        Write<Object> write = state.transact(transaction -> {
            transaction.get(A);
            put(A, 2);
            transaction.put(B, 1);
            return "done";
        });

        assertThat(write).isEqualTo(new Write.Conflict<>(List.of("a"), 2));
        assertThat(state.get(B).isPresent()).isFalse();
    }

    @Test
    void transact_readsTheStateAsItWasWhenItBegan() {
        put(A, 1);
        put(B, 1);
        state.transact(transaction -> {
            assertThat(transaction.get(A)).isEqualTo(1);
            put(B, 2);
            assertThat(transaction.get(B))
                    .as("not half of one state and half of another")
                    .isEqualTo(1);
            return "";
        });
    }

    @Test
    void transact_writesNothing_changesNoVersion() {
        put(A, 1);

        assertThat(state.transact(transaction -> transaction.get(A))).isEqualTo(new Write.Committed<>(1, 1));
        assertThat(state.version()).isEqualTo(1);
    }

    @Test
    void transact_usedAfterItsEnd_isRefused() {
        AtomicReference<Transaction> kept = new AtomicReference<>();
        state.transact(transaction -> {
            kept.set(transaction);
            return "";
        });

        assertThatIllegalStateException().isThrownBy(() -> kept.get().get(A)).withMessage("the transaction is over");
        assertThatIllegalStateException().isThrownBy(() -> kept.get().put(A, 1));
        assertThatIllegalStateException().isThrownBy(() -> kept.get().remove(A));
    }

    @Test
    void transact_manyThreadsMoveMoney_noneIsLostOrMade() throws Exception {
        long seed = System.nanoTime();
        List<StateKey<Integer>> accounts = new ArrayList<>();
        for (int at = 0; at < 5; at++) {
            accounts.add(StateKey.of("account" + at, Integer.class));
            put(accounts.get(at), 100);
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicInteger conflicts = new AtomicInteger();
        List<Future<?>> all = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            Random random = new Random(seed + thread);
            all.add(threads.submit(() -> {
                for (int count = 0; count < 3_000; count++) {
                    StateKey<Integer> from = accounts.get(random.nextInt(5));
                    StateKey<Integer> to = accounts.get(random.nextInt(5));
                    Write<Object> write = state.transact(transaction -> {
                        transaction.put(from, transaction.get(from) - 1);
                        transaction.put(to, transaction.get(to) + 1);
                        if (random.nextInt(10) == 0) {
                            throw new IllegalStateException("changed my mind");
                        }
                        return "";
                    });
                    if (write instanceof Write.Conflict) {
                        conflicts.incrementAndGet();
                    }
                    int sum = state.snapshot().values().stream()
                            .mapToInt(each -> (Integer) each.value())
                            .sum();
                    assertThat(sum).as("seed %s", seed).isEqualTo(500);
                }
            }));
        }
        for (Future<?> each : all) {
            each.get(40, TimeUnit.SECONDS);
        }
        threads.shutdown();
    }

    @Test
    void compareAndSet_parallelBranchesWithOneVersion_oneIsCommittedAndEachOtherIsTold() {
        long read = put(A, 0);
        List<Agent<Integer, Write<Integer>>> branches = IntStream.range(1, 101)
                .<Agent<Integer, Write<Integer>>>mapToObj(at -> Agent.of(
                        "branch#" + at,
                        (input, context) -> Mono.fromCallable(() -> state.compareAndSet(A, read, at))
                                .subscribeOn(Schedulers.parallel())))
                .toList();
        List<Write<Integer>> writes =
                StepEngine.builder().build().run(branches, 0).block(SOON).values();

        assertThat(writes).hasSize(100);
        assertThat(writes.stream().filter(Write::isCommitted)).hasSize(1);
        assertThat(writes.stream().filter(write -> !write.isCommitted()))
                .containsOnly(new Write.Conflict<>(List.of("a"), read + 1));
        assertThat(state.get(A).version()).isEqualTo(read + 1);
    }

    // --- history and watching

    @Test
    void history_isBounded() {
        SharedState two = SharedState.keeping(2);
        for (int count = 1; count <= 5; count++) {
            two.compareAndSet(A, count - 1, count);
        }

        assertThat(two.history(A)).containsExactly(new Versioned<>(4, 4), new Versioned<>(5, 5));
        assertThat(SharedState.keeping(1).history(A)).isEmpty();
    }

    @Test
    void watch_startsWithTheCurrentValue() {
        put(A, 1);
        StepVerifier.create(state.watch(A))
                .expectNext(new Versioned<>(1, 1))
                .then(() -> put(B, 7))
                .then(() -> put(A, 2))
                .expectNext(new Versioned<>(2, 3))
                .then(() -> state.compareAndRemove(A, 3))
                .expectNext(new Versioned<>(null, 4))
                .thenCancel()
                .verify(SOON);
        StepVerifier.create(state.watch(B).take(1))
                .expectNext(new Versioned<>(7, 2))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void watch_slowSubscriber_missesSomeAndNeverTheLatest() {
        TestSubscriber<Versioned<Integer>> slow =
                TestSubscriber.builder().initialRequest(0).build();
        state.watch(A).subscribe(slow);
        for (int count = 1; count <= 1_000; count++) {
            put(A, count);
        }
        slow.request(Long.MAX_VALUE);
        long until = System.nanoTime() + SOON.toNanos();
        while (slow.getReceivedOnNext().stream().noneMatch(each -> each.version() == 1_000)
                && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        slow.cancel();

        assertThat(slow.getReceivedOnNext()).hasSizeLessThan(10).last().isEqualTo(new Versioned<>(1_000, 1_000));
    }

    @Test
    void watch_writersAtOnce_versionsRiseAndTheLatestArrives() throws Exception {
        List<Long> seen = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch last = new CountDownLatch(1);
        Disposable watching = state.watch(A).subscribe(each -> {
            seen.add(each.version());
            if (each.version() == 20_000) {
                last.countDown();
            }
        });
        update_manyThreads_losesNothing();

        assertThat(last.await(20, TimeUnit.SECONDS)).isTrue();
        watching.dispose();
        assertThat(seen).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void watch_subscriberBlocksOrThrows_holdsUpNoWriter() {
        CountDownLatch release = new CountDownLatch(1);
        Disposable blocked = state.watch(A).subscribe(each -> {
            try {
                release.await();
            } catch (InterruptedException disposed) {
                Thread.currentThread().interrupt();
            }
        });
        Disposable throwing = state.watch(A)
                .subscribe(
                        each -> {
                            throw new IllegalStateException("watcher");
                        },
                        ignored -> {});
        put(A, 1);
        put(A, 2);

        assertThat(state.get(A).value()).isEqualTo(2);
        release.countDown();
        blocked.dispose();
        throwing.dispose();
    }

    @Test
    void watch_cancelled_isForgotten() {
        Disposable watching = state.watch(A).subscribe();
        watching.dispose();
        put(A, 1);

        assertThat(state).hasToString("SharedState{a=1}");
    }

    // --- bad input

    @Test
    void types_thatDoNotFit_areRefused() {
        put(A, 1);
        assertThatExceptionOfType(StateTypeException.class)
                .isThrownBy(() -> state.get(A_AS_TEXT))
                .withMessage("the value of a must be a java.lang.String, was a java.lang.Integer")
                .satisfies(refused -> assertThat(refused.key()).isEqualTo("a"));
        assertThatExceptionOfType(StateTypeException.class).isThrownBy(() -> state.history(A_AS_TEXT));
        assertThat(state.transact(transaction -> transaction.get(A_AS_TEXT))).isInstanceOf(Write.RolledBack.class);
        StepVerifier.create(state.watch(A_AS_TEXT))
                .expectError(StateTypeException.class)
                .verify(SOON);
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void values_ofAnotherType_areRefused() {
        StateKey raw = A;
        assertThatExceptionOfType(ClassCastException.class).isThrownBy(() -> state.compareAndSet(raw, 0, "text"));
        assertThat(state.transact(transaction -> {
                    transaction.put(raw, "text");
                    return "";
                }))
                .isInstanceOf(Write.RolledBack.class);
        assertThat(state.version()).isZero();
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> state.compareAndSet(A, 0, null))
                .withMessage("value");
        assertThatNullPointerException().isThrownBy(() -> state.get(null));
        assertThatNullPointerException().isThrownBy(() -> state.watch(null)).withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> state.update(A, null)).withMessage("change");
        assertThatNullPointerException().isThrownBy(() -> state.transact(null)).withMessage("work");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SharedState.keeping(0))
                .withMessage("versions must be >= 1, was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> StateKey.of("a", int.class));
        assertThatNullPointerException().isThrownBy(() -> StateKey.of("a", null));
        assertThatNullPointerException().isThrownBy(() -> StateKey.of(null, String.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\nb"})
    void names_bad_areRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> StateKey.of(name, String.class));
    }

    @Test
    void snapshot_isACopyOfOneMoment() {
        put(B, 2);
        put(A, 1);
        Map<String, Versioned<Object>> snapshot = state.snapshot();
        put(A, 9);

        assertThat(snapshot)
                .containsExactly(Map.entry("a", new Versioned<>(1, 2)), Map.entry("b", new Versioned<>(2, 1)));
    }
}
