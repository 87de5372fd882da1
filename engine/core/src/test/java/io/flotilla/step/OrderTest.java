package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.flotilla.agent.Agent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.function.Tuples;

/** In which order steps start; results keep the index of the input. */
@Timeout(30)
class OrderTest {

    private final List<Long> started = new CopyOnWriteArrayList<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();

    /** Agents that note their start and end on another thread. */
    private List<Agent<String, Long>> agents(int count) {
        return Collections.nCopies(
                count,
                Agent.of(
                        "a",
                        (input, context) -> Mono.fromCallable(() -> {
                                    started.add(context.stepNumber());
                                    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                                    return context.stepNumber();
                                })
                                .subscribeOn(Schedulers.parallel())
                                .doOnTerminate(inFlight::decrementAndGet)));
    }

    private static List<Long> upTo(int count) {
        return LongStream.range(0, count).boxed().toList();
    }

    static List<Order> oneByOne() {
        return List.of(Order.SEQUENTIAL, Order.shuffled(1));
    }

    @ParameterizedTest
    @MethodSource("oneByOne")
    void run_oneByOne_hasNeverTwoInFlight(Order order) {
        StepEngine engine = StepEngine.builder().concurrency(64).order(order).build();

        StepReport<Long> report = engine.run(agents(200), "go").block();

        assertThat(mostInFlight).hasValue(1);
        assertThat(report.values()).isEqualTo(upTo(200));
    }

    @Test
    void stream_pairsSequential_hasNeverTwoInFlight() {
        StepEngine engine = StepEngine.builder().order(Order.SEQUENTIAL).build();

        List<StepResult<Long>> results = engine.stream(
                        Flux.fromIterable(agents(200)).map(agent -> Tuples.of(agent, "go")))
                .collectList()
                .block();

        assertThat(mostInFlight).hasValue(1);
        assertThat(results).extracting(StepResult::index).isEqualTo(upTo(200));
    }

    @Test
    void run_sequential_startsInInputOrder() {
        StepEngine.builder()
                .order(Order.SEQUENTIAL)
                .build()
                .run(agents(50), "go")
                .block();

        assertThat(started).isEqualTo(upTo(50));
    }

    @Test
    void stream_sequential_startsAStepWhenTheResultBeforeHasBeenDelivered() {
        StepEngine engine = StepEngine.builder().order(Order.SEQUENTIAL).build();
        Agent<String, Long> agent = Agent.of("a", (input, context) -> {
            started.add(context.stepNumber());
            return Mono.just(context.stepNumber());
        });

        StepVerifier.create(engine.stream(Collections.nCopies(3, agent), "go"), 0)
                .then(() -> assertThat(started).containsExactly(0L))
                .thenRequest(1)
                .expectNextCount(1)
                .then(() -> assertThat(started).containsExactly(0L, 1L))
                .thenRequest(2)
                .expectNextCount(2)
                .verifyComplete();
    }

    @Test
    void run_parallel_startsInInputOrderSideBySide() {
        int count = 10;
        Sinks.One<Long> open = Sinks.one();
        Agent<String, Long> agent = Agent.of("a", (input, context) -> {
            started.add(context.stepNumber());
            if (started.size() == count) {
                open.tryEmitValue(1L);
            }
            return open.asMono();
        });

        StepEngine.builder()
                .build()
                .run(Collections.nCopies(count, agent), "go")
                .block();

        assertThat(started).isEqualTo(upTo(count));
    }

    @Test
    void shuffled_sameSeed_givesTheSameOrder() {
        List<Long> first = startedIn(Order.shuffled(42), 100);

        assertThat(startedIn(Order.shuffled(42), 100)).isEqualTo(first).isNotEqualTo(upTo(100));
    }

    @Test
    void shuffled_otherSeed_givesAnotherOrder() {
        assertThat(startedIn(Order.shuffled(42), 100)).isNotEqualTo(startedIn(Order.shuffled(43), 100));
    }

    @Test
    void shuffled_twoRoundsOfOneEngine_haveTheSameOrder() {
        StepEngine engine = StepEngine.builder().order(Order.shuffled(7)).build();
        Mono<?> round = engine.run(agents(100), "go");
        round.block();
        List<Long> first = List.copyOf(started);
        started.clear();
        round.block();

        assertThat(started).isEqualTo(first);
    }

    @Test
    void shuffled_order_isThatOfCollectionsShuffle() {
        List<Long> expected = new ArrayList<>(upTo(100));
        Collections.shuffle(expected, new Random(42));

        assertThat(startedIn(Order.shuffled(42), 100)).isEqualTo(expected);
    }

    @Test
    void shuffled_oneOrNoAgent_works() {
        assertThat(startedIn(Order.shuffled(42), 1)).containsExactly(0L);
        assertThat(startedIn(Order.shuffled(42), 0)).isEmpty();
    }

    @Test
    void shuffled_results_keepTheIndexOfTheInput() {
        StepEngine engine = StepEngine.builder().order(Order.shuffled(42)).build();
        List<Agent<String, String>> agents = TestAgents.manyAnswering(100);

        StepReport<String> report = engine.run(agents, "go").block();
        List<StepResult<String>> live =
                engine.stream(agents, "go").collectList().block();

        assertThat(report.values())
                .isEqualTo(IntStream.range(0, 100).mapToObj(at -> "a#" + at).toList());
        assertThat(live).allSatisfy(result -> assertThat(result.value()).isEqualTo("a#" + result.index()));
        assertThat(live).extracting(StepResult::index).isNotEqualTo(upTo(100));
    }

    private List<Long> startedIn(Order order, int count) {
        started.clear();
        StepEngine.builder().order(order).build().run(agents(count), "go").block();
        return List.copyOf(started);
    }

    @Test
    void stream_pairsShuffled_isRefusedWithTheOrder() {
        StepEngine engine = StepEngine.builder().order(Order.shuffled(9)).build();
        Flux<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs =
                Flux.just(Tuples.of(TestAgents.answering("a"), "go"));

        assertThatIllegalStateException().isThrownBy(() -> engine.stream(pairs)).withMessageContaining("SHUFFLED(9)");
    }

    @Test
    void toString_ofEach_namesIt() {
        assertThat(Order.PARALLEL).hasToString("PARALLEL");
        assertThat(Order.SEQUENTIAL).hasToString("SEQUENTIAL");
        assertThat(Order.shuffled(-3)).hasToString("SHUFFLED(-3)");
    }
}
