package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flotilla.step.NothingDropped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Subscribers of events share a few threads, and none of them has to wait for another. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class ListenersTest {

    private static final int WORKERS = 200;

    /** The events of a run of that many workers. */
    private static final int EVENTS = 2 + 1 + 3 + 4 * WORKERS + 4;

    private final Sinks.One<Integer> go = Sinks.one();

    private Run<String> started(int threads) {
        return TestRuns.crew(
                        TestRuns.stepping(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Mono.just(Decision.answer("done"))
                                        : go.asMono()
                                                .map(any -> Decision.fanOut(TestRuns.invocations("Worker", WORKERS)))),
                        TestRuns.deciding("Worker", turn -> Decision.answer("x")))
                .listenerThreads(threads)
                .<String>build()
                .start("task");
    }

    private static long listenerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("flotilla-listener-"))
                .count();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1_000})
    void events_ofManySubscribers_takeAsManyThreadsAsAreSet(int subscribers) {
        long before = listenerThreads();
        Run<String> run = started(4);
        AtomicInteger active = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Mono<Long>> counts = new ArrayList<>();
        for (int at = 0; at < subscribers; at++) {
            Mono<Long> count = run.events()
                    .doOnNext(event -> {
                        most.accumulateAndGet(active.incrementAndGet(), Math::max);
                        active.decrementAndGet();
                    })
                    .count()
                    .cache();
            count.subscribe();
            counts.add(count);
        }
        go.tryEmitValue(1);

        for (Mono<Long> count : counts) {
            assertThat(count.block(SOON)).isEqualTo(EVENTS);
        }
        assertThat(listenerThreads() - before)
                .as("four, and the one that watches them; some more if the machine is so busy that four seem held")
                .isLessThan(20);
        assertThat(most.get()).isLessThan(20);
    }

    @Test
    void events_oneThread_tellsOneAtATime() {
        Run<String> run = started(1);
        AtomicInteger active = new AtomicInteger();
        List<Integer> several = new CopyOnWriteArrayList<>();
        Flux<RunEvent> events = run.events().doOnNext(event -> {
            if (active.incrementAndGet() > 1) {
                several.add(active.get());
            }
            active.decrementAndGet();
        });
        Mono<Void> all = Mono.when(events.then(), events.then(), events.then()).cache();
        all.subscribe();
        go.tryEmitValue(1);

        StepVerifier.create(all).expectComplete().verify(SOON);
        assertThat(several).isEmpty();
    }

    @RepeatedTest(20)
    void events_ofManySubscribersThatComeAndGo_areInOrderAndComplete() {
        Run<String> run = started(3);
        List<Mono<Boolean>> all = new ArrayList<>();
        for (int at = 0; at < 20; at++) {
            if (at == 10) {
                go.tryEmitValue(1);
            }
            AtomicInteger next = new AtomicInteger();
            Mono<Boolean> ordered = run.events()
                    .all(event -> event.sequence() == next.getAndIncrement())
                    .map(inOrder -> inOrder && next.get() == EVENTS)
                    .cache();
            ordered.subscribe();
            all.add(ordered);
            assertThat(run.events().take(2).collectList().block(SOON)).hasSize(2);
        }

        for (Mono<Boolean> ordered : all) {
            assertThat(ordered.block(SOON)).isTrue();
        }
    }

    @Test
    void events_moreSubscribersBlockThanThereAreThreads_othersHaveThemAll() {
        CountDownLatch release = new CountDownLatch(1);
        Run<String> run = started(2);
        for (int at = 0; at < 5; at++) {
            run.events().subscribe(event -> TestRuns.awaitUninterruptibly(release));
        }
        List<Mono<Long>> others = new ArrayList<>();
        for (int at = 0; at < 10; at++) {
            Mono<Long> count = run.events().count().cache();
            count.subscribe();
            others.add(count);
        }
        try {
            go.tryEmitValue(1);

            for (Mono<Long> other : others) {
                assertThat(other.block(SOON)).isEqualTo(EVENTS);
            }
            assertThat(TestRuns.ended(run).answer()).isEqualTo("done");
        } finally {
            release.countDown();
        }
        assertThat(run.events().count().block(SOON))
                .as("those that are back count again")
                .isEqualTo(EVENTS);
    }

    @Test
    void events_subscriberCancelsInBetween_getsNoMore() {
        Run<String> run = started(2);
        go.tryEmitValue(1);
        AtomicInteger had = new AtomicInteger();
        CountDownLatch cancelled = new CountDownLatch(1);
        run.events().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(RunEvent event) {
                if (had.incrementAndGet() == 70) { // in its second turn
                    cancel();
                    cancelled.countDown();
                }
            }
        });
        TestRuns.awaitUninterruptibly(cancelled);

        assertThat(run.events().count().block(SOON)).isEqualTo(EVENTS);
        assertThat(had.get()).isEqualTo(70);
    }

    @Test
    void events_subscriberThrows_hasItsOwnErrorAndOthersDoNotNotice() {
        Run<String> run = started(1);
        AtomicReference<Throwable> error = new AtomicReference<>();
        CountDownLatch failed = new CountDownLatch(1);
        run.events().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(RunEvent event) {
                throw new LinkageError("its own");
            }

            @Override
            protected void hookOnError(Throwable thrown) {
                error.set(thrown);
                failed.countDown();
            }
        });
        go.tryEmitValue(1);

        assertThat(run.events().count().block(SOON)).isEqualTo(EVENTS);
        TestRuns.awaitUninterruptibly(failed);
        assertThat(error.get()).hasMessage("its own");
    }

    @Test
    void events_demandOfOneAtATime_isHonoured() {
        Run<String> run = started(2);
        go.tryEmitValue(1);

        StepVerifier.create(run.events(), 1)
                .expectNextCount(1)
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(1)
                .expectNextCount(1)
                .thenRequest(EVENTS)
                .expectNextCount(EVENTS - 2)
                .expectComplete()
                .verify(SOON);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 10_001})
    void listenerThreads_outOfBounds_isRefused(int threads) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TestRuns.alone(TestRuns.stepping("Solo", turn -> Mono.never()))
                        .listenerThreads(threads))
                .withMessage("listenerThreads must be between 1 and 10000, was " + threads);
    }
}
