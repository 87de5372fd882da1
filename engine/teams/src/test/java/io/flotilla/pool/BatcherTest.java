package io.flotilla.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.context.Context;

@Timeout(60)
class BatcherTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration LONG = Duration.ofHours(1);

    private final List<List<Integer>> calls = Collections.synchronizedList(new ArrayList<>());

    private Batcher.Builder<Integer, Integer> doubling() {
        return Batcher.builder(batch -> {
            calls.add(batch);
            return Mono.just(batch.stream().map(each -> each * 2).toList());
        });
    }

    private static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("nothing happened");
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static List<TestSubscriber<Integer>> submit(Batcher<Integer, Integer> batcher, int count) {
        return IntStream.range(0, count)
                .mapToObj(at -> {
                    TestSubscriber<Integer> subscriber = TestSubscriber.create();
                    batcher.submit(at).subscribe(subscriber);
                    return subscriber;
                })
                .toList();
    }

    private static List<Integer> answers(List<TestSubscriber<Integer>> subscribers) {
        return subscribers.stream()
                .map(each -> {
                    each.block(SOON);
                    return each.getReceivedOnNext().get(0);
                })
                .toList();
    }

    private static BatchException failure(TestSubscriber<Integer> subscriber) {
        await(subscriber::isTerminatedError);
        return (BatchException) subscriber.expectTerminalError();
    }

    // --- windows

    @Test
    void maxItems_lessThanEqualAndMore() {
        Batcher<Integer, Integer> batcher = doubling().maxItems(3).maxWait(LONG).build();
        List<TestSubscriber<Integer>> two = submit(batcher, 2);
        assertThat(batcher.stats()).isEqualTo(new BatcherStats(2, 0, 2, 0));
        assertThat(two).noneMatch(TestSubscriber::isTerminated);
        List<TestSubscriber<Integer>> more = submit(batcher, 2);

        assertThat(answers(two)).containsExactly(0, 2);
        assertThat(answers(more.subList(0, 1))).containsExactly(0);
        assertThat(calls).containsExactly(List.of(0, 1, 0));
        assertThat(more.get(1).isTerminated()).isFalse();
        batcher.close().block(SOON);
        assertThat(answers(more)).containsExactly(0, 2);
    }

    @Test
    void maxWait_countsFromTheFirstItem() {
        UndisturbedTime.verifier(() -> {
                    Batcher<Integer, Integer> batcher =
                            doubling().maxWait(Duration.ofMillis(100)).build();
                    return Flux.merge(
                            batcher.submit(1),
                            Mono.delay(Duration.ofMillis(99)).then(batcher.submit(2)),
                            Mono.delay(Duration.ofMillis(101)).then(batcher.submit(3)));
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(100))
                .expectNext(2, 4)
                .expectNoEvent(Duration.ofMillis(101))
                .expectNext(6)
                .expectComplete()
                .verify(SOON);

        assertThat(calls).containsExactly(List.of(1, 2), List.of(3));
    }

    @Test
    void maxBytes_closesTheWindowBeforeItIsTooLarge() {
        Batcher<Integer, Integer> batcher =
                doubling().maxWait(LONG).maxBytes(10, item -> item).build();
        List<TestSubscriber<Integer>> all = new ArrayList<>();
        for (int item : new int[] {4, 5, 2, 100, 1}) {
            TestSubscriber<Integer> subscriber = TestSubscriber.create();
            batcher.submit(item).subscribe(subscriber);
            all.add(subscriber);
        }
        batcher.close().block(SOON);

        assertThat(answers(all)).containsExactly(8, 10, 4, 200, 2);
        assertThat(calls)
                .as("one that is too large is alone")
                .containsExactlyInAnyOrder(List.of(4, 5), List.of(2), List.of(100), List.of(1));
    }

    @Test
    void concurrency_boundsTheBatchesUnderWay() {
        Sinks.Empty<Void> gate = Sinks.empty();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    return gate.asMono().then(Mono.fromSupplier(() -> {
                        running.decrementAndGet();
                        return batch;
                    }));
                })
                .maxItems(1)
                .concurrency(2)
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 10);
        await(() -> running.get() == 2);
        assertThat(batcher.stats()).isEqualTo(new BatcherStats(10, 2, 8, 2));
        gate.tryEmitEmpty();

        assertThat(answers(all)).isEqualTo(IntStream.range(0, 10).boxed().toList());
        assertThat(most).hasValue(2);
    }

    // --- failures

    @Test
    void ofResults_anItemsFailure_isItsOwn() {
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>ofResults(batch -> Mono.just(batch.stream()
                        .map(each -> each == 1
                                ? BatchResult.<Integer>failed(new IllegalArgumentException("not " + each))
                                : BatchResult.of(each))
                        .toList()))
                .maxItems(3)
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 3);

        await(all.get(1)::isTerminatedError);
        assertThat(all.get(1).expectTerminalError())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not 1");
        assertThat(answers(List.of(all.get(0), all.get(2)))).containsExactly(0, 2);
    }

    static List<Function<List<Integer>, Mono<List<Integer>>>> failing() {
        return List.of(
                batch -> {
                    throw new IllegalStateException("boom");
                },
                batch -> Mono.error(new LinkageError("boom")),
                batch -> Mono.fromRunnable(() -> {
                    throw new StackOverflowError("boom");
                }),
                batch -> null);
    }

    @Test
    void function_failsWholly_eachItemHasAnExceptionOfItsOwn() {
        for (Function<List<Integer>, Mono<List<Integer>>> function : failing()) {
            Batcher<Integer, Integer> batcher =
                    Batcher.<Integer, Integer>builder(function).maxItems(2).build();
            List<TestSubscriber<Integer>> all = submit(batcher, 2);

            assertThat(all).allSatisfy(each -> {
                assertThat(failure(each).reason()).isEqualTo(BatchException.Reason.FAILED);
                assertThat(failure(each)).hasCauseInstanceOf(Throwable.class);
            });
            assertThat(failure(all.get(0))).isNotSameAs(failure(all.get(1)));
            batcher.close().block(SOON);
        }
    }

    @Test
    void function_givesNonsense_isATypedErrorForEachItem() {
        List<Function<List<Integer>, Mono<List<Integer>>>> nonsense = List.of(
                batch -> Mono.just(List.of()),
                batch -> Mono.just(List.of(1)),
                batch -> Mono.just(List.of(1, 2, 3)),
                batch -> Mono.empty(),
                batch -> Mono.just(Collections.nCopies(2, null)));
        for (Function<List<Integer>, Mono<List<Integer>>> function : nonsense) {
            Batcher<Integer, Integer> batcher =
                    Batcher.<Integer, Integer>builder(function).maxItems(2).build();

            assertThat(submit(batcher, 2))
                    .allSatisfy(
                            each -> assertThat(failure(each).reason()).isEqualTo(BatchException.Reason.WRONG_ANSWERS));
        }
        Batcher<Integer, Integer> two = Batcher.<Integer, Integer>builder(batch -> Mono.just(List.of(1)))
                .maxItems(2)
                .build();
        assertThat(failure(submit(two, 2).get(0))).hasMessage("the batch function gave 1 answers to 2 items");
    }

    @Test
    void function_nullAnswer_failsThatItemOnly() {
        List<Integer> answers = new ArrayList<>(List.of(7));
        answers.add(null);
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> Mono.just(answers))
                .maxItems(2)
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);

        assertThat(answers(all.subList(0, 1))).containsExactly(7);
        assertThat(failure(all.get(1)).reason()).isEqualTo(BatchException.Reason.WRONG_ANSWERS);
    }

    @Test
    void timeout_passes_itemsFailAndTheCallIsCancelled() {
        TestPublisher<List<Integer>> hangs = TestPublisher.create();
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> hangs.mono())
                .maxItems(2)
                .timeout(Duration.ofMillis(30))
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);

        assertThat(all)
                .allSatisfy(each -> assertThat(failure(each).reason()).isEqualTo(BatchException.Reason.TIMED_OUT));
        await(hangs::wasCancelled);
        batcher.close().block(SOON);
    }

    @Test
    void function_blocksItsThread_timesOutAndTheNextBatchRuns() {
        CountDownLatch release = new CountDownLatch(1);
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> {
                    if (batch.contains(0)) {
                        try {
                            release.await();
                        } catch (InterruptedException given) {
                            Thread.currentThread().interrupt();
                        }
                    }
                    return Mono.just(batch);
                })
                .maxItems(1)
                .concurrency(1)
                .timeout(Duration.ofMillis(30))
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);

        assertThat(failure(all.get(0)).reason()).isEqualTo(BatchException.Reason.TIMED_OUT);
        assertThat(answers(all.subList(1, 2))).containsExactly(1);
        release.countDown();
    }

    @Test
    void subscriber_thatBlocks_holdsUpNoOtherItem() {
        CountDownLatch release = new CountDownLatch(1);
        Batcher<Integer, Integer> batcher = doubling().maxItems(2).build();
        batcher.submit(1).subscribe(answer -> {
            try {
                release.await();
            } catch (InterruptedException given) {
                Thread.currentThread().interrupt();
            }
        });

        assertThat(batcher.submit(2).block(SOON)).isEqualTo(4);
        release.countDown();
    }

    // --- bounds, cancel, close

    @Test
    void maxQueued_lessThanEqualAndMore() {
        Batcher<Integer, Integer> batcher =
                doubling().maxItems(100).maxWait(LONG).maxQueued(2).build();
        List<TestSubscriber<Integer>> all = submit(batcher, 3);

        assertThat(failure(all.get(2)).reason()).isEqualTo(BatchException.Reason.FULL);
        assertThat(failure(all.get(2))).hasMessage("2 items wait, and no more may");
        batcher.close().block(SOON);
        assertThat(answers(all.subList(0, 2))).containsExactly(0, 2);
    }

    @Test
    void cancel_whileItWaits_isNotHandedOnAndMakesRoom() {
        Batcher<Integer, Integer> batcher =
                doubling().maxItems(3).maxWait(LONG).maxQueued(3).build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);
        all.get(0).cancel();
        assertThat(batcher.stats().queued()).isEqualTo(1);
        List<TestSubscriber<Integer>> more = submit(batcher, 2);

        assertThat(answers(more)).containsExactly(0, 2);
        assertThat(calls).containsExactly(List.of(1, 0, 1));
    }

    @Test
    void cancel_theWholeWindow_nothingIsCalled() {
        Batcher<Integer, Integer> batcher =
                doubling().maxWait(Duration.ofMillis(20)).build();
        submit(batcher, 3).forEach(TestSubscriber::cancel);
        batcher.close().block(SOON);

        assertThat(calls).isEmpty();
        assertThat(batcher.stats()).isEqualTo(new BatcherStats(3, 0, 0, 0));
    }

    @Test
    void cancel_oneOfABatchUnderWay_theOthersAreAnswered() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(
                        batch -> gate.asMono().thenReturn(batch))
                .maxItems(2)
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);
        await(() -> batcher.stats().running() == 1);
        all.get(0).cancel();
        gate.tryEmitEmpty();

        assertThat(answers(all.subList(1, 2))).containsExactly(1);
        assertThat(all.get(0).getReceivedOnNext()).isEmpty();
    }

    @Test
    void cancel_allOfABatchUnderWay_cancelsTheCall() {
        TestPublisher<List<Integer>> hangs = TestPublisher.create();
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> hangs.mono())
                .maxItems(2)
                .build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);
        await(hangs::wasSubscribed);
        all.forEach(TestSubscriber::cancel);
        await(hangs::wasCancelled);
        batcher.close().block(SOON);

        assertThat(batcher.stats().running()).isZero();
    }

    @Test
    void close_flushesTheWindowAndTakesNothingMore() {
        Batcher<Integer, Integer> batcher = doubling().maxWait(LONG).build();
        List<TestSubscriber<Integer>> all = submit(batcher, 2);
        batcher.close().block(SOON);
        batcher.close().block(SOON);

        assertThat(answers(all)).containsExactly(0, 2);
        StepVerifier.create(batcher.submit(1))
                .expectErrorSatisfies(thrown ->
                        assertThat(((BatchException) thrown).reason()).isEqualTo(BatchException.Reason.CLOSED))
                .verify(SOON);
    }

    @Test
    void close_notSubscribedTo_closesNothing() {
        Batcher<Integer, Integer> batcher = doubling().maxItems(1).build();
        batcher.close();

        assertThat(batcher.submit(1).block(SOON)).isEqualTo(2);
    }

    @Test
    void items_atRandom_eachIsAnsweredFailsOrIsCancelled() throws Exception {
        long seed = System.nanoTime();
        Random seeds = new Random(seed);
        for (int round = 0; round < 60; round++) {
            Random random = new Random(seeds.nextLong());
            Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(batch -> switch (batch.get(0) % 5) {
                        case 0 -> Mono.error(new IllegalStateException("boom"));
                        case 1 -> Mono.just(batch.subList(0, batch.size() - 1));
                        case 2 -> Mono.delay(Duration.ofNanos(100_000)).thenReturn(batch);
                        default -> Mono.just(batch);
                    })
                    .maxItems(1 + random.nextInt(8))
                    .maxWait(Duration.ofNanos(1 + random.nextInt(500_000)))
                    .maxQueued(1 + random.nextInt(60))
                    .concurrency(1 + random.nextInt(3))
                    .build();
            AtomicInteger ended = new AtomicInteger();
            AtomicInteger wrong = new AtomicInteger();
            CountDownLatch done = new CountDownLatch(3);
            for (int thread = 0; thread < 3; thread++) {
                Random own = new Random(random.nextLong());
                Schedulers.boundedElastic().schedule(() -> {
                    for (int count = 0; count < 100; count++) {
                        int item = own.nextInt(1_000);
                        Disposable waiting = batcher.submit(item)
                                .doFinally(signal -> ended.incrementAndGet())
                                .subscribe(answer -> wrong.addAndGet(answer == item ? 0 : 1), failed -> {});
                        if (own.nextInt(4) == 0) {
                            waiting.dispose();
                        }
                    }
                    done.countDown();
                });
            }
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
            batcher.close().block(SOON);
            await(() -> ended.get() == 300);

            assertThat(wrong).as("seed %s, round %s", seed, round).hasValue(0);
            assertThat(batcher.stats().queued() + batcher.stats().running()).isZero();
        }
    }

    // --- as an agent

    @Test
    void asAgent_aHundredSteps_becomeFourCalls() {
        Batcher<Integer, Integer> batcher =
                doubling().maxItems(25).maxWait(LONG).build();
        Agent<Integer, Integer> agent = batcher.asAgent(AgentId.of("embedder"));
        StepReport<Integer> report = StepEngine.builder()
                .build()
                .run(Collections.nCopies(100, agent), 21)
                .block(SOON);

        assertThat(report.values()).hasSize(100).containsOnly(42);
        assertThat(calls).hasSize(4).allMatch(call -> call.size() == 25);
    }

    @Test
    void context_ofTheFirstItem_reachesTheFunction() {
        Batcher<Integer, String> batcher = Batcher.<Integer, String>builder(batch -> Mono.deferContextual(
                        context -> Mono.just(Collections.nCopies(batch.size(), context.getOrDefault("trace", "none")))))
                .maxItems(2)
                .build();

        StepVerifier.create(Flux.mergeSequential(
                        batcher.submit(1).contextWrite(Context.of("trace", "first")),
                        batcher.submit(2).contextWrite(Context.of("trace", "second"))))
                .expectNext("first", "first")
                .expectComplete()
                .verify(SOON);
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void bounds_belowOne_areRefused(int value) {
        Batcher.Builder<Integer, Integer> builder = doubling();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxItems(value))
                .withMessage("maxItems must be >= 1, was " + value);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueued(value));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.concurrency(value));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBytes(value, item -> 1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxWait(Duration.ofNanos(value)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ofNanos(value)));
    }

    @Test
    void arguments_null_areRefused() {
        assertThatNullPointerException().isThrownBy(() -> Batcher.builder(null));
        assertThatNullPointerException().isThrownBy(() -> Batcher.ofResults(null));
        assertThatNullPointerException().isThrownBy(() -> doubling().engine(null));
        assertThatNullPointerException().isThrownBy(() -> doubling().maxBytes(1, null));
        assertThatNullPointerException().isThrownBy(() -> doubling().build().submit(null));
        assertThatNullPointerException().isThrownBy(() -> doubling().build().asAgent(null));
        assertThatNullPointerException().isThrownBy(() -> BatchResult.of(null));
        assertThatNullPointerException().isThrownBy(() -> BatchResult.failed(null));
        assertThatIllegalArgumentException().isThrownBy(() -> new BatchResult<>(null, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new BatchResult<>(1, new IllegalStateException()));
    }

    @Test
    void sizes_thatThrowOrAreNegative_failTheItemOnly() {
        Batcher<Integer, Integer> batcher = doubling()
                .maxItems(1)
                .maxBytes(10, item -> {
                    if (item == 0) {
                        throw new IllegalStateException("no size");
                    }
                    return item;
                })
                .build();

        StepVerifier.create(batcher.submit(0)).expectErrorMessage("no size").verify(SOON);
        StepVerifier.create(batcher.submit(-3))
                .expectErrorMessage("the size of an item must be >= 0, was -3")
                .verify(SOON);
        assertThat(batcher.submit(1).block(SOON)).isEqualTo(2);
    }
}
