package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** What is particular to rounds over a stream of pairs. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class StreamOfPairsTest {

    private static final Agent<Long, Long> ECHO = Agent.of("echo", (input, context) -> Mono.just(input));
    private static final Agent<Long, Long> SILENT = Agent.of("silent", (input, context) -> Mono.never());

    private final StepEngine engine = StepEngine.builder().concurrency(8).build();

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(20));
    }

    private static Tuple2<Agent<Long, Long>, Long> pair(long input) {
        return Tuples.of(ECHO, input);
    }

    @Test
    void stream_endlessPairsAndASlowConsumer_startsNoMoreThanConcurrencyAhead() {
        AtomicLong started = new AtomicLong();
        AtomicLong taken = new AtomicLong();
        AtomicLong furthestAhead = new AtomicLong();
        Agent<Long, Long> counting = Agent.of(
                "counting",
                (input, context) -> Mono.fromSupplier(() -> {
                    furthestAhead.accumulateAndGet(started.incrementAndGet() - taken.get(), Math::max);
                    return input;
                }));
        Flux<Tuple2<Agent<Long, Long>, Long>> endless = Flux.generate(() -> 0L, (next, sink) -> {
            sink.next(Tuples.of(counting, next));
            return next + 1;
        });

        StepVerifier.create(
                        engine.stream(endless)
                                .doOnNext(result -> taken.incrementAndGet())
                                .take(10_000),
                        0)
                .thenRequest(1)
                .expectNextCount(1)
                .thenRequest(9_999)
                .expectNextCount(9_999)
                .verifyComplete();

        assertThat(furthestAhead).hasValueBetween(1, 9); // 8, and the one whose delivery is under way
    }

    @Test
    void stream_aMillionPairs_everyOneHasAResult() {
        StepVerifier.create(engine.stream(Flux.range(0, 1_000_000).map(at -> pair(at)))
                        .map(StepResult::index)
                        .reduce(Long::sum))
                .expectNext(999_999L * 1_000_000 / 2)
                .verifyComplete();
    }

    @Test
    void stream_unboundedConcurrency_asksForAllAtOnce() {
        TestPublisher<Tuple2<Agent<Long, Long>, Long>> pairs = TestPublisher.create();

        StepVerifier.create(StepEngine.builder().concurrency(Integer.MAX_VALUE).build().stream(pairs.flux()))
                .then(() -> pairs.assertMinRequested(Long.MAX_VALUE))
                .then(() -> pairs.emit(pair(1), pair(2)))
                .expectNextCount(2)
                .verifyComplete();
    }

    @Test
    void stream_pairsFail_resultsOfStepsInFlightComeFirst() {
        Agent<Long, Long> later = Agent.of(
                "later", (input, context) -> Mono.delay(Duration.ofMillis(20)).map(any -> input));
        Flux<Tuple2<Agent<Long, Long>, Long>> failing =
                Flux.just(Tuples.of(later, 7L)).concatWith(Flux.error(new IllegalStateException("source")));

        StepVerifier.create(engine.stream(failing).mapNotNull(StepResult::value))
                .expectNext(7L)
                .verifyErrorMessage("source");
    }

    @Test
    void stream_cancelled_cancelsPairs() {
        TestPublisher<Tuple2<Agent<Long, Long>, Long>> pairs = TestPublisher.create();

        StepVerifier.create(engine.stream(pairs.flux()))
                .then(() -> pairs.next(Tuples.of(SILENT, 1L)))
                .thenCancel()
                .verify();

        pairs.assertCancelled();
    }

    @Test
    void stream_failFast_cancelsPairs() {
        TestPublisher<Tuple2<Agent<Long, Long>, Long>> pairs = TestPublisher.create();
        Agent<Long, Long> failing = Agent.of("failing", (input, context) -> Mono.error(new IllegalStateException()));

        StepVerifier.create(engine.withFailureMode(FailureMode.FAIL_FAST).stream(pairs.flux()))
                .then(() -> pairs.next(Tuples.of(SILENT, 1L)))
                .then(() -> pairs.next(Tuples.of(failing, 2L)))
                .verifyError(StepFailedException.class);

        pairs.assertCancelled();
    }

    @Test
    void stream_sequential_startsTheNextWhenTheResultHasBeenTaken() {
        AtomicLong started = new AtomicLong();
        Agent<Long, Long> counting = Agent.of("counting", (input, context) -> {
            started.incrementAndGet();
            return Mono.just(input);
        });

        StepVerifier.create(
                        engine.withOrder(Order.SEQUENTIAL).stream(
                                Flux.range(0, 10).map(at -> Tuples.of(counting, (long) at))),
                        0)
                .expectSubscription()
                .then(() -> assertThat(started).hasValue(1))
                .thenRequest(1)
                .expectNextCount(1)
                .then(() -> assertThat(started).hasValue(2))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(9)
                .verifyComplete();
    }

    @Test
    void stream_agentsAndInputsZipped_eachInputGoesToItsAgent() {
        Flux<Agent<Long, Long>> agents = Flux.just(ECHO, ECHO);

        StepVerifier.create(engine.stream(Flux.zip(agents, Flux.just(1L, 2L))).mapNotNull(StepResult::value))
                .expectNext(1L, 2L)
                .verifyComplete();
    }

    @Test
    void stream_pairsFromAnotherThread_stepsStartThere() {
        Agent<Long, String> whereAmI = Agent.of(
                "where", (input, context) -> Mono.just(Thread.currentThread().getName()));

        StepVerifier.create(engine.stream(Flux.just(Tuples.of(whereAmI, 1L)).publishOn(Schedulers.single()))
                        .mapNotNull(StepResult::value))
                .assertNext(thread -> assertThat(thread).startsWith("single-"))
                .verifyComplete();
    }

    @Test
    void stream_nullPairs_isRefusedAtOnce() {
        Publisher<Tuple2<Agent<Long, Long>, Long>> none = null;

        assertThatNullPointerException().isThrownBy(() -> engine.stream(none)).withMessage("pairs");
    }
}
