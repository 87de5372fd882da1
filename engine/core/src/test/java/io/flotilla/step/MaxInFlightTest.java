package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.function.Tuples;

/** One limit for all rounds and single steps of an engine. */
@Timeout(60)
class MaxInFlightTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String TENANT = "tenant";

    private final InFlightProbe probe = new InFlightProbe();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private StepEngine engine(int maxInFlight) {
        return engine(InFlightLimit.of(maxInFlight));
    }

    private StepEngine engine(InFlightLimit limit) {
        return StepEngine.builder().maxInFlight(limit).meterRegistry(meters).build();
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    private static void await(BooleanSupplier condition) {
        FairPermitsTest.await(condition);
    }

    private void assertAllFree() {
        await(() -> gauge("flotilla.permits.in.use") == 0 && gauge("flotilla.permits.queued") == 0);
    }

    // --- the most in flight

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 16})
    void maxInFlight_roundsAndSingleSteps_isTheMostOfAllTogether(int maxInFlight) {
        StepEngine engine = engine(maxInFlight);
        Flux<Integer> rounds = Flux.range(0, 10)
                .flatMap(round -> engine.run(Collections.nCopies(20, probe.brief()), "go")
                        .map(report -> report.orThrow().values().size()));
        Flux<Integer> singles = Flux.range(0, 50)
                .flatMap(
                        step -> engine.step(probe.brief(), "go")
                                .map(result -> result.kind() == StepResult.Kind.SUCCEEDED ? 1 : 0),
                        50);
        Flux<Integer> streams = Flux.range(0, 3)
                .flatMap(stream -> engine.stream(Flux.range(0, 30).map(each -> Tuples.of(probe.brief(), "go")))
                        .map(result -> result.kind() == StepResult.Kind.SUCCEEDED ? 1 : 0));

        Integer ended =
                Flux.merge(rounds, singles, streams).reduce(Integer::sum).block(SOON);

        assertThat(ended).isEqualTo(340);
        assertThat(probe.started()).isEqualTo(340);
        assertThat(probe.most()).isLessThanOrEqualTo(maxInFlight);
        assertAllFree();
    }

    @Test
    void maxInFlight_equalToTheSteps_allRunAtOnce() {
        StepEngine engine = engine(5);
        engine.run(Collections.nCopies(3, probe.held()), "go").subscribe();
        engine.run(Collections.nCopies(2, probe.held()), "go").subscribe();

        assertThat(probe.now()).isEqualTo(5);
        assertThat(gauge("flotilla.permits.queued")).isZero();
    }

    @Test
    void maxInFlight_viewsOfTheEngine_shareIt() {
        StepEngine engine = engine(2);
        engine.run(Collections.nCopies(5, probe.held()), "go").subscribe();
        engine.withOrder(Order.SEQUENTIAL)
                .run(Collections.nCopies(5, probe.held()), "go")
                .subscribe();
        engine.withFailureMode(FailureMode.FAIL_FAST).step(probe.held(), "go").subscribe();

        assertThat(probe.now()).isEqualTo(2);
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(3);
    }

    @Test
    void maxInFlight_engineBuiltFromThisOne_hasItsOwn() {
        StepEngine engine = engine(2);
        StepEngine copy = engine.toBuilder().build();
        engine.run(Collections.nCopies(5, probe.held()), "go").subscribe();
        copy.run(Collections.nCopies(5, probe.held()), "go").subscribe();

        assertThat(copy.maxInFlight()).isSameAs(engine.maxInFlight());
        assertThat(probe.now()).isEqualTo(4);
        assertThat(gauge("flotilla.permits.in.use"))
                .as("of both, they share the registry")
                .isEqualTo(4);
    }

    @Test
    void maxInFlight_stepsThatEndAtOnce_areAllRunAndInOrder() {
        StepReport<String> report =
                engine(1).run(Collections.nCopies(1_000, probe.instant()), "go").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.orThrow().values()).hasSize(1_000);
        assertAllFree();
    }

    // --- turns

    @Test
    void turns_aWideRound_doesNotHoldUpANarrowOne() {
        StepEngine engine = engine(4);
        engine.run(Collections.nCopies(1_000, probe.held()), "wide").subscribe();
        AtomicInteger narrow = new AtomicInteger();
        engine.run(Collections.nCopies(10, probe.held()), "narrow").subscribe(report -> narrow.incrementAndGet());
        int ends = 0;
        while (narrow.get() == 0) {
            int before = probe.started();
            probe.endFirst();
            ends++;
            if (before < 1_010) {
                await(() -> probe.started() == before + 1);
            }
        }

        assertThat(ends).as("every other turn is the narrow round's").isBetween(20, 28);
    }

    @Test
    void turns_byTenantInTheContext_areSharesByWeight() {
        StepEngine engine = engine(InFlightLimit.of(4)
                .keyedBy(context -> context.getOrDefault(TENANT, null), tenant -> tenant.equals("gold") ? 3 : 1));
        for (String tenant : List.of("gold", "plain", "plain", "plain")) {
            engine.run(Collections.nCopies(200, probe.held()), tenant)
                    .contextWrite(context -> context.put(TENANT, tenant))
                    .subscribe();
        }
        for (int end = 0; end < 200; end++) {
            int before = probe.started();
            probe.endFirst();
            await(() -> probe.started() == before + 1);
        }

        assertThat(Collections.frequency(probe.inputs(), "gold")).isBetween(148, 156);
    }

    @Test
    void turns_priorities_highestWaitsLeast() {
        StepEngine engine = engine(InFlightLimit.of(1).priority(context -> context.getOrDefault("priority", 0)));
        for (int priority = 0; priority < 5; priority++) {
            int own = priority;
            engine.step(probe.held(), "p" + own)
                    .contextWrite(context -> context.put("priority", own))
                    .subscribe();
        }
        for (int end = 0; end < 4; end++) {
            int before = probe.started();
            probe.endFirst();
            await(() -> probe.started() == before + 1);
        }

        assertThat(probe.inputs()).containsExactly("p0", "p4", "p3", "p2", "p1");
    }

    // --- waiting

    @Test
    void waiting_longerThanTheStepTimeout_isNotTheStepsTime() {
        UndisturbedTime.verifier(() -> {
                    StepEngine engine = StepEngine.builder()
                            .maxInFlight(1)
                            .stepTimeout(Duration.ofSeconds(60))
                            .build();
                    Agent<String, String> slow = Agent.of("slow", (input, context) -> {
                        assertThat(context.deadline()).isNotNull();
                        return Mono.delay(Duration.ofSeconds(50)).thenReturn(input);
                    });
                    return engine.run(Collections.nCopies(4, slow), "go");
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(200))
                .assertNext(report -> {
                    assertThat(report.values()).hasSize(4);
                    assertThat(report.results())
                            .allSatisfy(result -> assertThat(result.duration()).isEqualTo(Duration.ofSeconds(50)));
                    assertThat(report.results().get(3).startedAt())
                            .isEqualTo(report.results().get(0).startedAt().plusSeconds(150));
                })
                .verifyComplete();
    }

    @Test
    void waiting_roundCancelled_leavesTheQueueAndStartsNothing() {
        StepEngine engine = engine(1);
        engine.step(probe.held(), "first").subscribe();
        Disposable waits =
                engine.run(Collections.nCopies(10, probe.held()), "waits").subscribe();
        Disposable single = engine.step(probe.held(), "single").subscribe();
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(2);

        waits.dispose();
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(1);
        single.dispose();
        assertThat(gauge("flotilla.permits.queued")).isZero();

        probe.endFirst();
        assertAllFree();
        assertThat(probe.inputs()).containsExactly("first");
    }

    @Test
    void waiting_streamOfPairsCancelled_leavesTheQueueAndCancelsItsSource() {
        StepEngine engine = engine(1);
        engine.step(probe.held(), "first").subscribe();
        TestPublisher<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs = TestPublisher.create();
        Disposable stream = engine.stream(pairs.flux()).subscribe();
        pairs.next(Tuples.of(probe.held(), "second"));
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(1);

        stream.dispose();

        pairs.assertCancelled();
        assertThat(gauge("flotilla.permits.queued")).isZero();
        probe.endFirst();
        assertAllFree();
        assertThat(probe.inputs()).containsExactly("first");
    }

    // --- a stream of pairs

    @Test
    void stream_idle_holdsNoPermit() {
        StepEngine engine = engine(1);
        Sinks.Many<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs =
                Sinks.many().unicast().onBackpressureError();
        List<String> values = new ArrayList<>();
        engine.stream(pairs.asFlux()).subscribe(result -> values.add(result.value()));

        assertThat(engine.step(probe.instant(), "single").block(SOON)).isNotNull();
        pairs.tryEmitNext(Tuples.of(probe.instant(), "pair"));
        pairs.tryEmitComplete();

        await(() -> values.contains("pair"));
        assertAllFree();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 500})
    void stream_ofPairs_isAskedForNoMoreThanMayBeInFlight(int maxInFlight) {
        TestPublisher<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs = TestPublisher.create();
        engine(maxInFlight).stream(pairs.flux()).subscribe();

        pairs.assertMinRequested(Math.min(maxInFlight, StepEngine.DEFAULT_CONCURRENCY))
                .assertMaxRequested(Math.min(maxInFlight, StepEngine.DEFAULT_CONCURRENCY));
    }

    @Test
    void stream_unboundedConcurrency_endsWithAllResults() {
        StepEngine engine = StepEngine.builder()
                .concurrency(Integer.MAX_VALUE)
                .maxInFlight(3)
                .build();

        Long count = engine.stream(Flux.range(0, 500).map(each -> Tuples.of(probe.brief(), "go")))
                .count()
                .block(SOON);

        assertThat(count).isEqualTo(500);
        assertThat(probe.most()).isLessThanOrEqualTo(3);
    }

    // --- the bound of the queue

    @Test
    void maxQueued_full_singleStepIsRejectedAsAValue() {
        StepEngine engine = engine(InFlightLimit.of(1).maxQueued(1));
        engine.step(probe.held(), "first").subscribe();
        engine.step(probe.held(), "second").subscribe();

        StepResult<String> third = engine.step(probe.held(), "third").block(SOON);

        assertThat(third).isInstanceOf(StepResult.Rejected.class);
        StepResult.Rejected<String> rejected = (StepResult.Rejected<String>) third;
        assertThat(rejected.guard()).isEqualTo(StepRejectedException.IN_FLIGHT_LIMIT);
        assertThat(rejected.retryAfter()).isNull();
        assertThat(rejected.agentId()).hasToString("held");
        assertThat(rejected.cause())
                .hasMessage("inflightlimit refused the step: 1 of 1 steps in flight, 1 of at most 1 queued");
        assertThat(probe.inputs()).containsExactly("first");
        assertThat(meters.get("flotilla.permits.rejected").counter().count()).isEqualTo(1);
        assertThat(meters.get("flotilla.step.duration")
                        .tag("outcome", "rejected")
                        .timer()
                        .count())
                .isEqualTo(1);

        probe.endFirst();
        await(() -> probe.inputs().contains("second"));
    }

    @ParameterizedTest
    @EnumSource(FailureMode.class)
    void maxQueued_full_roundIsRejectedAsItsModeSays(FailureMode mode) {
        StepEngine engine = engine(InFlightLimit.of(1).maxQueued(0)).withFailureMode(mode);
        engine.step(probe.held(), "first").subscribe();

        Mono<StepReport<String>> round = engine.run(Collections.nCopies(3, probe.held()), "go");

        switch (mode) {
            case ISOLATE ->
                StepVerifier.create(round)
                        .assertNext(report -> assertThat(report.count(StepResult.Kind.REJECTED))
                                .isEqualTo(3))
                        .expectComplete()
                        .verify(SOON);
            case FAIL_FAST ->
                StepVerifier.create(round)
                        .expectError(StepFailedException.class)
                        .verify(SOON);
            case FAIL_AT_END ->
                StepVerifier.create(round)
                        .expectError(RoundFailedException.class)
                        .verify(SOON);
            default -> throw new AssertionError(mode);
        }
        assertThat(probe.started()).isEqualTo(1);
        probe.endFirst();
        assertAllFree();
    }

    @Test
    void maxQueued_full_streamOfPairsIsRejectedPairByPairUntilItIsLetIn() {
        StepEngine engine = engine(InFlightLimit.of(1).maxQueued(0));
        engine.step(probe.held(), "first").subscribe();
        TestPublisher<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs = TestPublisher.create();
        List<StepResult.Kind> kinds = Collections.synchronizedList(new ArrayList<>());
        engine.stream(pairs.flux()).subscribe(result -> kinds.add(result.kind()));

        pairs.next(Tuples.of(probe.instant(), "refused"));
        probe.endFirst();
        pairs.next(Tuples.of(probe.instant(), "taken"));

        assertThat(kinds).containsExactly(StepResult.Kind.REJECTED, StepResult.Kind.SUCCEEDED);
    }

    @Test
    void maxQueued_0AndARoundOf100000_isOneWaiterAndNotRejected() {
        StepReport<String> report = engine(InFlightLimit.of(4).maxQueued(0))
                .run(Collections.nCopies(100_000, probe.instant()), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.count(StepResult.Kind.SUCCEEDED)).isEqualTo(100_000);
    }

    // --- when a permit is free again

    @Test
    void permit_stepTimedOut_isFreeWithItsResult() {
        UndisturbedTime.verifier(() -> {
                    StepEngine engine = StepEngine.builder()
                            .maxInFlight(1)
                            .stepTimeout(Duration.ofSeconds(60))
                            .build();
                    return Flux.merge(
                            engine.step(TestAgents.silent("a"), "go"), engine.step(TestAgents.answering("b"), "go"));
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(60))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .assertNext(result -> assertThat(result.value()).isEqualTo("b"))
                .verifyComplete();
    }

    @Test
    void permit_bodyKeepsItsThread_isFreeWhenItsStepHasTimedOut() throws InterruptedException {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(1)
                .meterRegistry(meters)
                .stepTimeout(Duration.ofMillis(200))
                .build();
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> blocks = Agent.of("blocks", (input, context) -> {
            awaitQuietly(release);
            return Mono.just("late");
        });
        List<StepResult.Kind> kinds = Collections.synchronizedList(new ArrayList<>());
        Thread caller = new Thread(() -> engine.step(blocks, "go").subscribe(result -> kinds.add(result.kind())));
        caller.start();
        await(() -> gauge("flotilla.permits.in.use") == 1);

        StepResult<String> next = engine.step(probe.instant(), "next").block(SOON);

        assertThat(next).isNotNull();
        assertThat(next.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        await(() -> kinds.contains(StepResult.Kind.TIMED_OUT));
        release.countDown();
        caller.join(TimeUnit.SECONDS.toMillis(20));
        assertAllFree();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void permit_waitingBodyKeepsTheWorker_holdsUpNobodyElse() {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(10)
                .meterRegistry(meters)
                .noStepTimeout()
                .build();
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> blocks = Agent.of("blocks", (input, context) -> {
            awaitQuietly(release);
            return Mono.just("late");
        });
        engine.run(Collections.nCopies(10, probe.held()), "go").subscribe();
        for (int step = 0; step < 5; step++) {
            engine.step(blocks, "go").subscribe();
        }
        AtomicInteger ended = new AtomicInteger();
        for (int step = 0; step < 20; step++) {
            engine.step(probe.instant(), "go").subscribe(any -> ended.incrementAndGet());
        }
        for (int end = 0; end < 10; end++) {
            probe.endFirst();
        }

        await(() -> ended.get() == 20);
        release.countDown();
        assertAllFree();
    }

    @Test
    void permit_roundWhoseBodyKeepsTheThread_takesNoneFromOthers() {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(2)
                .meterRegistry(meters)
                .noStepTimeout()
                .build();
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> blocks = Agent.of("blocks", (input, context) -> {
            awaitQuietly(release);
            return Mono.just("late");
        });
        engine.run(Collections.nCopies(2, probe.held()), "go").subscribe();
        engine.run(Collections.nCopies(10, blocks), "go").subscribe();
        AtomicInteger ended = new AtomicInteger();
        engine.run(Collections.nCopies(10, probe.instant()), "go").subscribe(any -> ended.incrementAndGet());
        probe.endFirst();
        probe.endFirst();

        await(() -> ended.get() == 1);
        release.countDown();
        assertAllFree();
    }

    @Test
    void permit_cancelled_isFreeWhenTheHandlerHasReturned() {
        StepEngine engine = engine(1);
        AtomicInteger inHandler = new AtomicInteger();
        Agent<String, String> slowToCancel = Agent.of(
                "slow",
                (input, context) -> Mono.<String>never().doOnCancel(() -> {
                    inHandler.set(1);
                    Thread.onSpinWait();
                    inHandler.set(2);
                }));
        Disposable running = engine.step(slowToCancel, "go").subscribe();
        List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
        engine.step(
                        Agent.of("next", (input, context) -> {
                            seen.add(inHandler.get());
                            return Mono.just("x");
                        }),
                        "go")
                .subscribe();

        running.dispose();

        await(() -> seen.size() == 1);
        assertThat(seen).containsExactly(2);
        assertAllFree();
    }

    /** It may be a machine that has no time for it: what it cancels is still at work. */
    @Test
    void permit_cancelHandlerComputesForSomeLooksOfTheWatch_isFreeWhenItHasReturned() {
        StepEngine engine = engine(1);
        AtomicBoolean isOver = new AtomicBoolean();
        Agent<String, String> slowToCancel = Agent.of(
                "slow",
                (input, context) -> Mono.<String>never().doOnCancel(() -> {
                    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(200);
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                    isOver.set(true);
                }));
        Disposable running = engine.step(slowToCancel, "go").subscribe();
        Queue<Boolean> seen = new ConcurrentLinkedQueue<>();
        engine.step(
                        Agent.of("next", (input, context) -> {
                            seen.add(isOver.get());
                            return Mono.just("x");
                        }),
                        "go")
                .subscribe();

        running.dispose();

        await(() -> !seen.isEmpty());
        assertThat(seen).as("the other one's cancel is over").containsExactly(true);
        assertAllFree();
    }

    @Test
    void permit_cancelHandlerNeverReturns_isFreeSoon() {
        StepEngine engine = engine(1);
        CountDownLatch release = new CountDownLatch(1);
        Agent<String, String> keepsCancel =
                Agent.of("keeps", (input, context) -> Mono.<String>never().doOnCancel(() -> awaitQuietly(release)));
        Disposable running =
                engine.run(Collections.nCopies(1, keepsCancel), "go").subscribe();
        AtomicInteger ended = new AtomicInteger();
        engine.step(probe.instant(), "go").subscribe(any -> ended.incrementAndGet());
        assertThat(ended).hasValue(0);

        running.dispose();

        await(() -> ended.get() == 1);
        release.countDown();
        assertAllFree();
    }

    @Test
    void permit_failFast_allAreFreeAgain() {
        StepEngine engine = engine(3).withFailureMode(FailureMode.FAIL_FAST);
        List<Agent<String, String>> crew = new ArrayList<>(Collections.nCopies(2, probe.held()));
        crew.add(TestAgents.failing("bad", new IllegalStateException("boom")));
        crew.addAll(Collections.nCopies(10, probe.held()));

        StepVerifier.create(engine.run(crew, "go"))
                .expectError(StepFailedException.class)
                .verify(SOON);

        assertAllFree();
        assertThat(probe.now()).isZero();
    }

    @Test
    void permit_bodiesGoWrongInEveryWay_isFreeAgain() {
        StepEngine engine = engine(1);
        List<Agent<String, String>> crew = List.of(
                Agent.of("throws", (input, context) -> {
                    throw new IllegalStateException("boom");
                }),
                Agent.of("error", (input, context) -> {
                    throw new NoClassDefFoundError("boom");
                }),
                Agent.of("null", (input, context) -> null),
                Agent.of("empty", (input, context) -> Mono.empty()),
                Agent.of(
                        "twice",
                        (input, context) -> Mono.fromDirect(subscriber -> {
                            subscriber.onSubscribe(reactor.core.publisher.Operators.emptySubscription());
                            subscriber.onNext("a");
                            subscriber.onNext("b");
                            subscriber.onComplete();
                            subscriber.onError(new IllegalStateException("late"));
                        })),
                TestAgents.failing("fails", new IllegalStateException("boom")),
                TestAgents.answering("last"));

        StepReport<String> report = engine.run(crew, "go").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results()).hasSize(7);
        assertThat(report.results().get(6).value()).isEqualTo("last");
        assertAllFree();
    }

    // --- what is measured

    @Test
    void meters_oneInFlightAndTwoWaiting_areSeen() {
        StepEngine engine = engine(1);
        engine.step(probe.held(), "first").subscribe();
        engine.run(Collections.nCopies(10, probe.instant()), "round").subscribe();
        engine.step(probe.instant(), "single").subscribe();

        assertThat(gauge("flotilla.permits.in.use")).isEqualTo(1);
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(2);

        probe.endFirst();
        assertAllFree();
        assertThat(meters.get("flotilla.permits.wait").timer().count()).isGreaterThanOrEqualTo(2);
        assertThat(meters.get("flotilla.permits.rejected").counter().count()).isZero();
    }

    @Test
    void meters_withoutALimit_areNotThere() {
        StepEngine.builder()
                .meterRegistry(meters)
                .build()
                .step(probe.instant(), "go")
                .block(SOON);

        assertThat(meters.find("flotilla.permits.in.use").gauge()).isNull();
        assertThat(meters.find("flotilla.permits.wait").timer()).isNull();
    }

    @Test
    void timeoutMessage_stepsWaitForPermits_saysSo() {
        UndisturbedTime.verifier(
                        () -> StepEngine.builder().maxInFlight(1).stepTimeout(Duration.ofSeconds(60)).build().stream(
                                        List.of(TestAgents.silent("a"), TestAgents.silent("b")), "go")
                                .next())
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(60))
                .assertNext(result -> assertThat(result.cause())
                        .hasMessage("agent a passed the step timeout of PT1M; 1 steps of the round had not been started"
                                + " yet, concurrency is 256, maxInFlight is 1"))
                .verifyComplete();
    }
}
