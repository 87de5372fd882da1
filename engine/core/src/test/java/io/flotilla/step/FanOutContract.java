package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;

/**
 * What a fan-out does, whoever does it: the engine's operator and, to keep it honest, the {@code Flux.merge} it stands in
 * for.
 */
@Timeout(60)
@ExtendWith(NothingDropped.class)
abstract class FanOutContract {

    static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));

    abstract Flux<StepResult<String>> stream(int concurrency, Duration stepTimeout, List<Agent<String, String>> agents);

    final Flux<StepResult<String>> stream(List<Agent<String, String>> agents) {
        return stream(256, Duration.ofSeconds(10), agents);
    }

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(10));
    }

    // --- every body ends in exactly one result

    private static Named<Supplier<Mono<String>>> body(String name, Supplier<Mono<String>> body) {
        return Named.of(name, body);
    }

    @SuppressWarnings("TypeParameterUnusedInFormals")
    private static <T> T throwError(Throwable error) {
        return FanOutContract.<T, RuntimeException>sneaky(error);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T, E extends Throwable> T sneaky(Throwable error) throws E {
        throw (E) error;
    }

    static Stream<Named<Supplier<Mono<String>>>> failingBodies() {
        return Stream.of(
                body("throws while building its Mono", () -> throwError(new IllegalStateException("boom"))),
                body("throws NoClassDefFoundError at once", () -> throwError(new NoClassDefFoundError("boom"))),
                body("throws StackOverflowError at once", () -> throwError(new StackOverflowError("boom"))),
                body("throws AssertionError at once", () -> throwError(new AssertionError("boom"))),
                body("returns null", () -> null),
                body("signals an error", () -> Mono.error(new IllegalStateException("boom"))),
                body("signals a fatal error", () -> Mono.error(new NoClassDefFoundError("boom"))),
                body("throws on subscribe", () -> Mono.defer(() -> throwError(new IllegalStateException("boom")))),
                body("throws a fatal error on subscribe", () -> Mono.defer(() -> throwError(new LinkageError("boom")))),
                body(
                        "throws a fatal error on request",
                        () -> Mono.just("x").map(any -> throwError(new StackOverflowError("boom")))),
                body(
                        "throws a fatal error in a Callable",
                        () -> Mono.fromCallable(() -> throwError(new NoClassDefFoundError("boom")))),
                body("overflows the stack for real", () -> Mono.fromSupplier(() -> "" + deeper(0))),
                body(
                        "throws on another thread",
                        () -> Mono.fromCallable(() -> FanOutContract.<String>throwError(new AssertionError("boom")))
                                .subscribeOn(Schedulers.parallel())),
                body(
                        "signals an error from another thread",
                        () -> Mono.just("x")
                                .publishOn(Schedulers.parallel())
                                .flatMap(any -> Mono.error(new IllegalStateException("boom")))),
                body("throws from subscribe itself", () -> new Mono<>() {
                    @Override
                    public void subscribe(reactor.core.CoreSubscriber<? super String> actual) {
                        throw new NoClassDefFoundError("boom");
                    }
                }));
    }

    private static long deeper(long depth) {
        return depth < 0 ? 0 : deeper(depth + 1) + 1;
    }

    @ParameterizedTest
    @MethodSource("failingBodies")
    void stream_bodyFails_isAFailedResultAndTheOthersAreThere(Supplier<Mono<String>> body) {
        Agent<String, String> failing = Agent.of("failing", (input, context) -> body.get());

        List<StepResult<String>> results = stream(List.of(WORKER, failing, WORKER))
                .collectSortedList((a, b) -> Long.compare(a.index(), b.index()))
                .block(Duration.ofSeconds(10));

        assertThat(results)
                .extracting(StepResult::kind)
                .containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.FAILED, StepResult.Kind.SUCCEEDED);
        assertThat(results.get(1).agentId()).isEqualTo(failing.id());
        assertThat(results.get(1).index()).isEqualTo(1);
        assertThat(results.get(1).cause()).isNotNull();
    }

    @Test
    void stream_bodyCompletesEmpty_succeededWithoutAValue() {
        Agent<String, String> empty = Agent.of("empty", (input, context) -> Mono.empty());

        StepVerifier.create(stream(List.of(empty)))
                .assertNext(result -> {
                    assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
                    assertThat(result.value()).isNull();
                })
                .verifyComplete();
    }

    @Test
    void stream_bodyNeverEnds_isTimedOutAndSeesTheCancel() {
        TestPublisher<String> silent = TestPublisher.create();
        Agent<String, String> agent = Agent.of("silent", (input, context) -> silent.mono());

        UndisturbedTime.verifier(() -> stream(256, Duration.ofSeconds(3), List.of(agent)))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
        silent.assertCancelled();
    }

    @Test
    void stream_bodyDiesOfAnErrorOnAThreadOfItsOwn_isTimedOut() {
        Agent<String, String> dying = Agent.of(
                "dying",
                (input, context) -> Mono.create(sink -> {
                    Thread thread = new Thread(() -> throwError(new NoClassDefFoundError("nobody hears of this")));
                    thread.setUncaughtExceptionHandler((died, error) -> {});
                    thread.start();
                }));

        StepVerifier.create(stream(256, Duration.ofMillis(100), List.of(dying, WORKER)))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
    }

    // --- the round

    @Test
    void stream_noAgents_completesAtOnce() {
        StepVerifier.create(stream(List.of()), 0).verifyComplete();
    }

    @Test
    void stream_theSameAgentTwice_bothAreSteppedAndToldApartByIndex() {
        StepVerifier.create(stream(List.of(WORKER, WORKER)).map(StepResult::index))
                .expectNext(0L, 1L)
                .verifyComplete();
    }

    @Test
    void stream_twoSubscribers_eachHasARoundOfItsOwn() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> counting =
                Agent.of("counting", (input, context) -> Mono.fromSupplier(() -> "" + calls.incrementAndGet()));
        Flux<StepResult<String>> results = stream(List.of(counting));

        assertThat(calls).hasValue(0);
        StepVerifier.create(results).expectNextCount(1).verifyComplete();
        StepVerifier.create(results).expectNextCount(1).verifyComplete();
        assertThat(calls).hasValue(2);
    }

    @Test
    void stream_contextOfTheSubscriber_reachesEveryStep() {
        Agent<String, String> reading =
                Agent.of("reading", (input, context) -> Mono.deferContextual(view -> Mono.just(view.get("tenant"))));

        StepVerifier.create(stream(List.of(reading, reading))
                        .mapNotNull(StepResult::value)
                        .contextWrite(view -> view.put("tenant", "acme")))
                .expectNext("acme", "acme")
                .verifyComplete();
    }

    @Test
    void stream_moreStepsThanConcurrency_neverMoreInFlight() {
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.delay(Duration.ofMillis(1))
                        .doOnSubscribe(any -> most.accumulateAndGet(inFlight.incrementAndGet(), Math::max))
                        .map(any -> "done, beside " + inFlight.decrementAndGet()));

        StepVerifier.create(stream(7, Duration.ofSeconds(10), copies(agent, 100)))
                .expectNextCount(100)
                .verifyComplete();
        assertThat(most).hasValue(7);
    }

    @Test
    void stream_withoutDemand_startsAtMostConcurrencySteps() {
        AtomicInteger started = new AtomicInteger();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            started.incrementAndGet();
            return Mono.just("done");
        });

        StepVerifier.create(stream(4, Duration.ofSeconds(10), copies(agent, 20)), 0)
                .expectSubscription()
                .then(() -> assertThat(started).hasValue(4))
                .thenRequest(1)
                .expectNextCount(1)
                .then(() -> assertThat(started).hasValue(5))
                .thenRequest(10)
                .expectNextCount(10)
                .then(() -> assertThat(started).hasValue(15))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(9)
                .verifyComplete();
        assertThat(started).hasValue(20);
    }

    @Test
    void stream_cancelled_everyStepInFlightSeesItAndNoMoreStart() {
        List<TestPublisher<String>> bodies = new ArrayList<>();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            TestPublisher<String> body = TestPublisher.create();
            bodies.add(body);
            return body.mono();
        });

        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        stream(50, Duration.ofSeconds(10), copies(agent, 60)).subscribe(subscriber);
        assertThat(bodies).hasSize(50);
        subscriber.cancel();

        assertThat(bodies).hasSize(50).allSatisfy(TestPublisher::assertCancelled);
        assertThat(subscriber.getReceivedOnNext()).isEmpty();
    }

    @Test
    void stream_cancelledFromWithinABody_startsNoMore() {
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        AtomicInteger started = new AtomicInteger();
        Agent<String, String> cancelling = Agent.of("a", (input, context) -> {
            if (started.incrementAndGet() == 3) {
                subscriber.cancel();
            }
            return Mono.just("done");
        });

        stream(copies(cancelling, 10)).subscribe(subscriber);

        assertThat(started).hasValue(3);
        assertThat(subscriber.getReceivedOnNext()).hasSize(2);
    }

    @ParameterizedTest
    @MethodSource("parties")
    void stream_allWaitForEachOtherAndConcurrencyAllowsIt_allFinish(int parties) {
        AtomicInteger arrived = new AtomicInteger();
        Sinks.One<String> open = Sinks.one();
        Agent<String, String> party = Agent.of("party", (input, context) -> {
            if (arrived.incrementAndGet() == parties) {
                open.tryEmitValue("open");
            }
            return open.asMono();
        });

        StepVerifier.create(stream(parties, Duration.ofSeconds(30), copies(party, parties)))
                .expectNextCount(parties)
                .verifyComplete();
    }

    static IntStream parties() {
        return IntStream.of(257, 1_000, 10_000);
    }

    // --- races

    @RepeatedTest(50)
    void stream_answersFromManyThreadsAtOnce_everyStepHasExactlyOneResult() {
        int steps = 500;
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            Mono<String> answer = Mono.just("done");
            return switch (ThreadLocalRandom.current().nextInt(4)) {
                case 0 -> answer;
                case 1 -> answer.subscribeOn(Schedulers.parallel());
                case 2 -> answer.publishOn(Schedulers.boundedElastic());
                default -> Mono.error(new IllegalStateException("boom"));
            };
        });

        List<Long> indices = stream(
                        ThreadLocalRandom.current().nextInt(1, 300), Duration.ofSeconds(10), copies(agent, steps))
                .limitRate(ThreadLocalRandom.current().nextInt(1, 64))
                .map(StepResult::index)
                .sort()
                .collectList()
                .block(Duration.ofSeconds(20));

        assertThat(indices)
                .isEqualTo(IntStream.range(0, steps).mapToObj(Long::valueOf).toList());
    }

    @RepeatedTest(100)
    void stream_cancelledAtARandomMoment_nothingStaysInFlight() {
        AtomicInteger inFlight = new AtomicInteger();
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.delay(
                                Duration.ofNanos(ThreadLocalRandom.current().nextInt(200_000)))
                        .map(any -> "done")
                        .doOnSubscribe(any -> inFlight.incrementAndGet())
                        .doFinally(any -> inFlight.decrementAndGet()));

        stream(16, Duration.ofSeconds(10), copies(agent, 200))
                .take(ThreadLocalRandom.current().nextInt(1, 200))
                .blockLast(Duration.ofSeconds(10));

        // doFinally may run on another thread after the cancel has been sent
        for (int spin = 0; inFlight.get() != 0 && spin < 5_000; spin++) {
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
        assertThat(inFlight).hasValue(0);
    }

    static <I, O> List<Agent<I, O>> copies(Agent<I, O> agent, int count) {
        return java.util.Collections.nCopies(count, agent);
    }
}
