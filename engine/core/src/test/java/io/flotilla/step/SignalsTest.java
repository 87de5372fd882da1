package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.function.Tuples;

/** The signals of a round, as a stream: order, demand, errors, cancel, and subscribers that misbehave. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class SignalsTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static Agent<String, String> saying(String id, String... words) {
        return Agent.of(id, (input, context) -> {
            for (String word : words) {
                context.emit(word);
            }
            return Mono.just(String.join(" ", words));
        });
    }

    private static String text(StepSignal<String> signal) {
        return signal.agentId() + "/" + signal.index() + " "
                + signal.fold(
                        started -> "attempt " + started.attempt(),
                        emitted -> emitted.position() + "=" + emitted.value(),
                        settled ->
                                settled.result().kind() + " " + settled.result().value());
    }

    @Test
    void signals_agents_ofEachStepItsAttemptItsValuesAndItsResult() {
        List<String> signals = StepEngine.builder()
                .build()
                .signals(List.of(saying("a", "x", "y"), saying("b"), saying("a", "z")), "go")
                .map(SignalsTest::text)
                .collectList()
                .block(SOON);

        assertThat(signals)
                .containsSubsequence("a/0 attempt 1", "a/0 0=x", "a/0 1=y", "a/0 SUCCEEDED x y")
                .containsSubsequence("b/1 attempt 1", "b/1 SUCCEEDED ")
                .containsSubsequence("a/2 attempt 1", "a/2 0=z", "a/2 SUCCEEDED z")
                .hasSize(9);
    }

    @Test
    void signals_whileTheStepRuns_areToldAtOnce() {
        Sinks.One<String> end = Sinks.one();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            context.emit("begun");
            return end.asMono();
        });

        StepVerifier.create(StepEngine.builder().build().signals(agent, "go").map(SignalsTest::text))
                .expectNext("a/0 attempt 1", "a/0 0=begun")
                .then(() -> end.tryEmitValue("done"))
                .expectNext("a/0 SUCCEEDED done")
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void signals_virtualTime_likeAnyRound() {
        Agent<String, String> slow = Agent.of("slow", (input, context) -> {
            context.emit("waiting");
            return Mono.delay(Duration.ofSeconds(7)).thenReturn("done");
        });

        UndisturbedTime.verifier(
                        () -> StepEngine.builder().build().signals(slow, "go").map(SignalsTest::text))
                .expectNext("slow/0 attempt 1", "slow/0 0=waiting")
                .expectNoEvent(Duration.ofSeconds(7))
                .expectNext("slow/0 SUCCEEDED done")
                .verifyComplete();
    }

    @Test
    void signals_noAgents_completesAtOnce() {
        StepVerifier.create(StepEngine.builder().build().<String, String>signals(List.of(), "go"))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void signals_twoSubscribers_areTwoRounds() {
        AtomicInteger called = new AtomicInteger();
        Flux<StepSignal<String>> signals = StepEngine.builder()
                .build()
                .signals(
                        Agent.<String, String>of(
                                "a", (input, context) -> Mono.just("done " + called.incrementAndGet())),
                        "go");

        assertThat(text(signals.blockLast(SOON))).isEqualTo("a/0 SUCCEEDED done 1");
        assertThat(text(signals.blockLast(SOON))).isEqualTo("a/0 SUCCEEDED done 2");
    }

    @Test
    void signals_pairs_indexCountsThePairs() {
        Agent<String, String> echo = Agent.of("echo", (input, context) -> {
            context.emit(input);
            return Mono.just(input);
        });

        List<String> signals = StepEngine.builder()
                .concurrency(1)
                .build()
                .<String, String>signals(Flux.just("x", "y").map(input -> Tuples.of(echo, input)))
                .map(SignalsTest::text)
                .collectList()
                .block(SOON);

        assertThat(signals)
                .containsExactly(
                        "echo/0 attempt 1",
                        "echo/0 0=x",
                        "echo/0 SUCCEEDED x",
                        "echo/1 attempt 1",
                        "echo/1 0=y",
                        "echo/1 SUCCEEDED y");
    }

    @Test
    void signals_stepRefusedBeforeItsFirstAttempt_onlyItsResult() {
        StepInterceptor refusing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return Mono.error(new IllegalStateException("refused"));
            }
        };

        assertThat(StepEngine.builder()
                        .interceptor(refusing)
                        .build()
                        .signals(saying("a", "x"), "go")
                        .map(SignalsTest::text)
                        .collectList()
                        .block(SOON))
                .containsExactly("a/0 FAILED null");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void signals_demand_noMoreThanAskedFor(int concurrency) {
        TestSubscriber<StepSignal<String>> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        List<Agent<String, String>> agents =
                IntStream.range(0, 20).mapToObj(at -> saying("a#" + at, "x")).toList();
        StepEngine.builder()
                .concurrency(concurrency)
                .build()
                .<String, String>signals(agents, "go")
                .subscribe(subscriber);

        List<StepSignal<String>> all = new ArrayList<>();
        for (int asked = 1; asked <= 60; asked++) {
            subscriber.request(1);
            int count = asked;
            eventually(() -> subscriber.getReceivedOnNext().size() == count);
        }
        subscriber.block(SOON);
        all.addAll(subscriber.getReceivedOnNext());
        assertThat(all).as("three of each, none lost").hasSize(60);
        assertThat(all)
                .filteredOn(signal -> signal instanceof StepSignal.Settled)
                .hasSize(20);
    }

    private static void eventually(java.util.function.BooleanSupplier there) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!there.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(until);
            Thread.onSpinWait();
        }
    }

    @Test
    void signals_nothingAskedFor_atMostTwiceTheConcurrencyStarts() {
        AtomicInteger started = new AtomicInteger();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            started.incrementAndGet();
            return Mono.just("done");
        });
        TestSubscriber<StepSignal<String>> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        StepEngine.builder()
                .concurrency(5)
                .build()
                .<String, String>signals(
                        IntStream.range(0, 100).mapToObj(at -> agent).toList(), "go")
                .subscribe(subscriber);

        assertThat(started).hasValue(5);
        subscriber.request(1);
        eventually(() -> started.get() == 10);
        eventually(() -> subscriber.getReceivedOnNext().size() == 1);
        assertThat(started).hasValue(10);
        subscriber.cancel();
    }

    @Test
    void signals_failFast_errorComesAtOnce() {
        Agent<String, String> failing = Agent.of("bad", (input, context) -> {
            context.emit("x");
            return Mono.error(new IllegalStateException("broken"));
        });

        StepVerifier.create(
                        StepEngine.builder()
                                .failureMode(FailureMode.FAIL_FAST)
                                .build()
                                .signals(failing, "go"),
                        0)
                .expectErrorSatisfies(error -> assertThat(error).isInstanceOf(StepFailedException.class))
                .verify(SOON);
    }

    @Test
    void signals_failAtEnd_errorComesAfterAllSignals() {
        Agent<String, String> failing = Agent.of("bad", (input, context) -> Mono.error(new IllegalStateException()));

        StepVerifier.create(StepEngine.builder()
                        .failureMode(FailureMode.FAIL_AT_END)
                        .concurrency(1)
                        .build()
                        .signals(List.of(failing, saying("good", "x")), "go")
                        .map(SignalsTest::text))
                .expectNext("bad/0 attempt 1", "bad/0 FAILED null")
                .expectNext("good/1 attempt 1", "good/1 0=x", "good/1 SUCCEEDED x")
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                RoundFailedException.class,
                                failed -> assertThat(failed.report().failureCount())
                                        .isEqualTo(1)))
                .verify(SOON);
    }

    @Test
    void cancel_stepsInFlight_areCancelledAndNothingMoreIsTold() {
        CountDownLatch cancelled = new CountDownLatch(1);
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            Mono<String> never = Mono.never();
            return never.doOnSubscribe(subscription -> context.emit("x")).doOnCancel(cancelled::countDown);
        });

        StepVerifier.create(StepEngine.builder().build().signals(agent, "go"))
                .expectNextCount(2)
                .thenCancel()
                .verify(SOON);

        assertThat(await(cancelled)).isTrue();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(SOON.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void signals_subscriberThrows_itsOwnErrorAndTheRoundIsCancelled() {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicReference<Throwable> own = new AtomicReference<>();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            Mono<String> never = Mono.never();
            return never.doOnSubscribe(subscription -> context.emit("x")).doOnCancel(cancelled::countDown);
        });
        StackOverflowError fatal = new StackOverflowError("mine");
        StepEngine.builder().build().<String, String>signals(agent, "go").subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            protected void hookOnNext(StepSignal<String> value) {
                if (value instanceof StepSignal.Emitted) { // the body has been subscribed to by then
                    throw fatal;
                }
            }

            @Override
            protected void hookOnError(Throwable error) {
                own.set(error);
                failed.countDown();
            }
        });

        assertThat(await(cancelled)).isTrue();
        assertThat(await(failed)).isTrue();
        assertThat(own).hasValue(fatal);
    }

    /** The subscriber keeps its thread; neither its own steps nor another's signals wait. */
    @Test
    void signals_subscriberBlocks_hurtsOnlyItself() {
        StepEngine engine = StepEngine.builder().build();
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            context.emit("x");
            return Mono.just("done").doOnTerminate(ended::countDown);
        });
        Disposable blocked = engine.<String, String>signals(agent, "go").subscribe(signal -> await(release));
        try {
            assertThat(await(ended)).as("its step does not wait").isTrue();
            assertThat(engine.<String, String>signals(agent, "go").count().block(SOON))
                    .isEqualTo(3);
        } finally {
            release.countDown();
            blocked.dispose();
        }
    }

    /** A body that keeps its thread is started where a result was delivered: the signals of others do not wait for it. */
    @Test
    void signals_bodyKeepsItsThread_othersAreToldAllTheSame() {
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> keeping = Agent.of("keeping", (input, context) -> {
            await(release);
            return Mono.just("done");
        });
        List<Agent<String, String>> agents = List.of(saying("a", "x"), keeping);
        try {
            StepVerifier.create(StepEngine.builder()
                            .concurrency(1)
                            .stepTimeout(Duration.ofMillis(200))
                            .build()
                            .signals(agents, "go")
                            .map(SignalsTest::text)
                            .subscribeOn(Schedulers.boundedElastic()))
                    .expectNext("a/0 attempt 1", "a/0 0=x", "a/0 SUCCEEDED x", "keeping/1 attempt 1")
                    .expectNext("keeping/1 TIMED_OUT null")
                    .expectComplete()
                    .verify(SOON);
        } finally {
            release.countDown();
        }
    }

    @Test
    void emissionBuffer_belowOne_refused() {
        assertThatThrownBy(() -> StepEngine.builder().emissionBuffer(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("emissionBuffer must be >= 1, was 0");
    }

    @Test
    void emissionBuffer_oneMoreThanItHolds_oneIsDroppedAndTold() {
        for (int words = 3; words <= 5; words++) {
            TestSubscriber<StepSignal<String>> subscriber =
                    TestSubscriber.builder().initialRequest(0).build();
            String[] said = IntStream.range(0, words).mapToObj(at -> "w" + at).toArray(String[]::new);
            StepEngine.builder()
                    .emissionBuffer(4)
                    .build()
                    .<String, String>signals(saying("a", said), "go")
                    .subscribe(subscriber);
            subscriber.request(Long.MAX_VALUE);
            subscriber.block(SOON);

            List<StepSignal<String>> signals = subscriber.getReceivedOnNext();
            assertThat(signals).hasSize(2 + Math.min(words, 4));
            assertThat(signals.get(signals.size() - 1))
                    .isInstanceOfSatisfying(
                            StepSignal.Settled.class,
                            settled -> assertThat(settled.dropped())
                                    .isEqualTo(Math.max(0, signals.size() - 2 < 4 ? 0 : said(signals) - 4)));
        }
    }

    private static long said(List<StepSignal<String>> signals) {
        return signals.get(signals.size() - 1).fold(started -> 0L, emitted -> 0L, settled ->
                (long) settled.result().value().split(" ").length);
    }

    @Test
    void signals_nullArguments_refused() {
        StepEngine engine = StepEngine.builder().build();
        assertThatThrownBy(() -> engine.signals((Agent<String, String>) null, "go"))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> engine.signals(saying("a"), null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> engine.withOrder(Order.shuffled(1)).<String, String>signals(Flux.empty()))
                .isInstanceOf(IllegalStateException.class);
    }
}
