package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.observe.FlotillaMeter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The failures of all rounds, to whoever listens; whoever is slow loses its own only. */
@Timeout(30)
class FailureFeedTest {

    private static void fail(StepEngine engine, int from, int count) {
        for (int at = from; at < from + count; at++) {
            engine.run(List.of(TestAgents.failing("f#" + at, new IllegalStateException("boom"))), "go")
                    .block();
        }
    }

    private static long number(StepFailure failure) {
        return Long.parseLong(failure.agentId().instance());
    }

    @Test
    void failures_beforeSubscription_areNotRepeated() {
        StepEngine engine = StepEngine.builder().build();
        fail(engine, 0, 3);

        StepVerifier.create(engine.failures().take(1).map(FailureFeedTest::number))
                .then(() -> fail(engine, 3, 1))
                .expectNext(3L)
                .verifyComplete();
        assertThat(engine.droppedFailureCount()).isZero();
    }

    @Test
    void failures_severalRounds_comeOneAfterAnotherAndItNeverEnds() {
        StepEngine engine = StepEngine.builder().build();

        StepVerifier.create(engine.failures().map(FailureFeedTest::number))
                .then(() -> fail(engine, 0, 3))
                .expectNext(0L, 1L, 2L)
                .then(() -> engine.run(TestAgents.manyAnswering(3), "go").block())
                .then(() -> fail(engine, 3, 1))
                .expectNext(3L)
                .thenCancel()
                .verify();
    }

    @Test
    void failures_aFailure_saysWhatHappened() {
        IllegalStateException boom = new IllegalStateException("boom");
        StepEngine engine = StepEngine.builder().build();

        StepVerifier.create(engine.failures().take(1))
                .then(() -> engine.run(List.of(TestAgents.answering("a"), TestAgents.failing("b#2", boom)), "go")
                        .block())
                .assertNext(failure -> {
                    assertThat(failure.agentId()).hasToString("b#2");
                    assertThat(failure.stepId()).endsWith("/#1");
                    assertThat(failure.index()).isEqualTo(1);
                    assertThat(failure.kind()).isEqualTo(StepResult.Kind.FAILED);
                    assertThat(failure.cause()).isSameAs(boom);
                    assertThat(failure.attempts()).isEqualTo(1);
                    assertThat(failure.startedAt()).isNotNull();
                    assertThat(failure.duration().isNegative()).isFalse();
                    assertThat(failure).asString().doesNotContain("\n").contains("b#2", "FAILED", "boom");
                })
                .verifyComplete();
    }

    /** One failure is on its way to the subscriber besides those that wait in its buffer. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6})
    void failures_slowSubscriberAndABufferOfThree_theOldestWaitingAreDroppedAndCounted(int failures) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        StepEngine engine =
                StepEngine.builder().failureBuffer(3).meterRegistry(meters).build();
        long dropped = Math.max(0, failures - 4);
        Long[] kept = IntStream.range(0, failures)
                .filter(at -> at == 0 || at > dropped)
                .mapToObj(Long::valueOf)
                .toArray(Long[]::new);

        StepVerifier.create(engine.failures().map(FailureFeedTest::number), 0)
                .then(() -> fail(engine, 0, failures))
                .then(() -> {
                    assertThat(engine.droppedFailureCount()).isEqualTo(dropped);
                    assertThat(meters.get(FlotillaMeter.FAILURES_DROPPED.getName())
                                    .counter()
                                    .count())
                            .isEqualTo((double) dropped);
                })
                .thenRequest(Long.MAX_VALUE)
                .expectNext(kept)
                .thenCancel()
                .verify();
    }

    @Test
    void failures_demand_isHonoured() {
        StepEngine engine = StepEngine.builder().build();

        StepVerifier.create(engine.failures().map(FailureFeedTest::number), 2)
                .then(() -> fail(engine, 0, 4))
                .expectNext(0L, 1L)
                .thenRequest(1)
                .expectNext(2L)
                .thenCancel()
                .verify();
    }

    @Test
    void failures_aSubscriberBlocks_neitherTheEngineNorAnotherWaits() {
        StepEngine engine = StepEngine.builder().failureBuffer(10).build();
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Disposable blocker = engine.failures().subscribe(failure -> {
            blocked.countDown();
            await(release);
        });

        StepVerifier.create(engine.failures().map(FailureFeedTest::number))
                .then(() -> fail(engine, 0, 1))
                .expectNext(0L)
                .then(() -> await(blocked))
                .then(() -> IntStream.range(1, 100).forEach(at -> fail(engine, at, 1)))
                .expectNextCount(10)
                .thenCancel()
                .verify();

        assertThat(engine.droppedFailureCount())
                .as("99 failures, 10 in the blocker's buffer, 1 on its way to it")
                .isGreaterThanOrEqualTo(88);
        release.countDown();
        blocker.dispose();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException disposed) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void failures_aSubscriberThrows_theOthersAndTheEngineGoOn() {
        StepEngine engine = StepEngine.builder().build();
        CountDownLatch threw = new CountDownLatch(1);
        engine.failures()
                .subscribe(
                        failure -> {
                            throw new IllegalStateException("subscriber");
                        },
                        cause -> threw.countDown());

        StepVerifier.create(engine.failures().map(FailureFeedTest::number))
                .then(() -> fail(engine, 0, 1))
                .expectNext(0L)
                .then(() -> await(threw))
                .then(() -> fail(engine, 1, 1))
                .expectNext(1L)
                .thenCancel()
                .verify();
        assertThat(engine.core().failures.feed().subscriberCount()).isZero();
    }

    @Test
    void failures_cancelled_subscriberIsRemoved() {
        StepEngine engine = StepEngine.builder().build();
        Disposable first = engine.failures().subscribe();
        Disposable second = engine.failures().subscribe();
        assertThat(engine.core().failures.feed().subscriberCount()).isEqualTo(2);

        first.dispose();
        assertThat(engine.core().failures.feed().subscriberCount()).isEqualTo(1);
        second.dispose();
        assertThat(engine.core().failures.feed().subscriberCount()).isZero();
    }

    @Test
    void failures_10000FromManyThreadsAndALargeBuffer_noneIsLost() throws InterruptedException {
        int rounds = 10;
        int steps = 1_000;
        StepEngine engine = StepEngine.builder().failureBuffer(rounds * steps).build();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(rounds * steps);
        Disposable subscriber = engine.failures().subscribe(failure -> {
            seen.add(failure.stepId());
            all.countDown();
        });
        Agent<String, String> failing = Agent.of(
                "f",
                (input, context) ->
                        Mono.<String>error(new IllegalStateException("boom")).subscribeOn(Schedulers.parallel()));

        Mono.when(IntStream.range(0, rounds)
                        .mapToObj(round -> engine.run(java.util.Collections.nCopies(steps, failing), "go")
                                .subscribeOn(Schedulers.boundedElastic()))
                        .toList())
                .block();
        all.await();
        subscriber.dispose();

        assertThat(seen).hasSize(rounds * steps).doesNotHaveDuplicates();
        assertThat(engine.droppedFailureCount()).isZero();
    }
}
