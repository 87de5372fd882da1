package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.step.SimulationThread;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** What no seed decides is said to be so, whatever the check makes of it. */
@Timeout(60)
class SimulationRefusalTest {

    /** Made before the worlds are, with threads that are there already. */
    private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

    private static final Scheduler REAL = Schedulers.newBoundedElastic(2, 100, "real");
    private static final Scheduler OF_EXECUTOR = Schedulers.fromExecutor(task -> POOL.execute(task));
    private static final Scheduler OF_SERVICE = Schedulers.fromExecutorService(POOL);

    @BeforeAll
    static void begin() throws Exception {
        POOL.invokeAll(List.of(SimulationRefusalTest::await, SimulationRefusalTest::await));
    }

    @AfterAll
    static void end() {
        POOL.shutdownNow();
        REAL.dispose();
    }

    /** Long enough for a world to have nothing left to do. */
    private static boolean await() throws InterruptedException {
        return new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
    }

    private static Mono<Boolean> elsewhere() {
        return Mono.fromFuture(() -> CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return await();
                    } catch (InterruptedException interrupted) {
                        throw new IllegalStateException(interrupted);
                    }
                },
                POOL));
    }

    static List<Tuple2<String, Function<SimulatedWorld, Publisher<?>>>> systems() {
        List<Tuple2<String, Function<SimulatedWorld, Publisher<?>>>> all = new ArrayList<>();
        all.add(Tuples.of("a thread is made", world -> Mono.fromRunnable(() -> new Thread(() -> {}).start())));
        all.add(Tuples.of(
                "a thread is made",
                world -> Mono.fromCallable(
                        () -> Executors.newSingleThreadExecutor().submit(() -> {}))));
        all.add(Tuples.of("threads of its own", world -> Mono.just(1).subscribeOn(REAL)));
        all.add(Tuples.of("threads of its own", world -> Mono.just(1).publishOn(OF_EXECUTOR)));
        all.add(Tuples.of("threads of its own", world -> Mono.delay(Duration.ofMillis(1), OF_SERVICE)));
        all.add(Tuples.of("the check ends on thread", world -> elsewhere()));
        all.add(Tuples.of(
                "a signal comes to the simulated world",
                world -> elsewhere().flatMapMany(any -> Flux.range(0, 3)).publishOn(Schedulers.parallel())));
        all.add(Tuples.of(
                "the log is used by thread",
                world -> elsewhere().doOnNext(any -> world.log("done")).onErrorComplete()));
        all.add(Tuples.of(
                "random() is used by thread",
                world -> elsewhere().map(any -> world.random().nextInt()).onErrorComplete()));
        all.add(Tuples.of(
                "the transport of messages is used by thread",
                world ->
                        elsewhere().map(any -> world.deliveries("hello", "bob")).onErrorComplete()));
        return all;
    }

    @ParameterizedTest
    @MethodSource("systems")
    void check_ofASystemWithThreadsOfItsOwn_isRefusedWithThePlace(
            Tuple2<String, Function<SimulatedWorld, Publisher<?>>> system) {
        SimulationReport report = Simulation.seeded(3).seeds(5).check(system.getT2());

        assertThat(report.passed()).isFalse();
        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.REFUSED);
        assertThat(report.shrinkRuns()).as("there is nothing to be shrunk").isZero();
        assertThat(report.smallest().cause())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be simulated: ")
                .hasMessageContaining(system.getT1());
        assertThatThrownBy(report::orThrow).hasMessageContaining(system.getT1());
    }

    @ParameterizedTest
    @ValueSource(strings = {"makes", "borrows"})
    void check_ofAgentsWithThreadsOfTheirOwn_isRefusedThoughAFailedStepIsAValue(String how) {
        Agent<String, Boolean> agent = Agent.of(
                "busy",
                (input, context) -> how.equals("makes")
                        ? Mono.fromRunnable(() -> new Thread(() -> {}).start())
                        : Mono.just(true).subscribeOn(REAL));
        SimulationReport report = Simulation.seeded(3)
                .seeds(1)
                .check(world -> world.engine().build().run(List.of(agent), "go"));

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.REFUSED);
        assertThat(report.smallest().log()).as("which agent").anyMatch(line -> line.endsWith("busy attempt 1"));
    }

    @Test
    void check_hearsFromAThreadWhenItsWorldIsOver_isRefusedAtALaterSeed() {
        SimulationReport report = Simulation.seeded(3).seeds(100_000).check(world -> {
            elsewhere().subscribe(any -> world.log("late"), failure -> {});
            return Mono.empty();
        });

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.REFUSED);
        assertThat(report.smallest().cause()).hasMessageContaining("\"pool-");
        assertThat(report.seeds()).isGreaterThan(1);
    }

    /** Virtual time leaps over every wait for another thread. */
    @Test
    void check_ofAnAgentThatWaitsForAThread_hasItTimedOutEachTime() {
        Agent<String, Boolean> agent = Agent.of("busy", (input, context) -> elsewhere());
        Simulation.seeded(3)
                .seeds(20)
                .check(world -> world.engine()
                        .build()
                        .step(agent, "go")
                        .doOnNext(result -> assertThat(result).isInstanceOf(StepResult.TimedOut.class)))
                .orThrow();
    }

    @Test
    void check_ofAnAgentThatBlocksItsWorld_saysWhere() {
        Agent<String, Long> agent = Agent.blocking(
                "blocking",
                (input, context) -> Mono.delay(Duration.ofSeconds(1), Schedulers.boundedElastic())
                        .block());
        SimulationReport report = Simulation.seeded(3)
                .seeds(1)
                .realTimeLimit(Duration.ofMillis(200))
                .check(world -> world.engine().build().run(List.of(agent), "go"));

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.BLOCKED);
        assertThat(report.smallest().cause()).hasMessageContaining("SimulationRefusalTest");
    }

    @Test
    void check_afterwards_threadsAndSchedulersAreFree() throws Exception {
        Simulation.seeded(3).seeds(2).check(world -> Mono.empty()).orThrow();

        assertThat(Mono.just(1).subscribeOn(REAL).block(Duration.ofSeconds(10))).isEqualTo(1);
        Thread thread = new Thread(() -> {});
        thread.start();
        thread.join();
    }

    // --- what is found by running twice

    @Test
    void check_ofManySeeds_runsTheFirstSecondFourthAndSoOnTwice() {
        AtomicInteger runs = new AtomicInteger();
        Simulation.seeded(0)
                .seeds(10)
                .check(world -> Mono.fromRunnable(runs::incrementAndGet))
                .orThrow();
        assertThat(runs.get()).isEqualTo(10 + 4);

        SimulationReport report = Simulation.seeded(0).seeds(10).check(world -> {
            world.log("seed " + (world.seed() == 3 ? runs.incrementAndGet() : 0));
            return Flux.empty();
        });
        assertThat(report.passed()).isFalse();
        assertThat(report.seeds()).isEqualTo(4);
        assertThat(report.difference()).isNotNull();
        assertThat(report.difference().of().seed()).isEqualTo(3);
    }

    @Test
    void nextDouble_inAWorld_followsFromTheSeed() {
        List<Double> drawn = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            Simulation.seeded(0)
                    .replay(
                            new SimulationCase(seed, 1, 1, 0, null),
                            world -> Mono.fromRunnable(() -> drawn.add(SimulationThread.nextDouble())));
        }

        assertThat(drawn).hasSize(3).allMatch(each -> each >= 0 && each < 1);
        assertThat(drawn.get(0)).isEqualTo(drawn.get(1)).isNotEqualTo(drawn.get(2));
        assertThat(SimulationThread.nextDouble()).isBetween(0.0, 1.0);
    }

    @Test
    void clock_ofAWorld_isThatOfItsEngines() {
        Simulation.seeded(0)
                .seeds(1)
                .check(world -> Mono.delay(Duration.ofMinutes(90))
                        .then(world.engine()
                                .build()
                                .step(Agent.<String, String>of("a", (input, context) -> Mono.just("b")), "c"))
                        .doOnNext(result -> {
                            assertThat(result.startedAt())
                                    .isEqualTo(world.clock().instant());
                            assertThat(world.clock().millis()).isEqualTo(5_400_000);
                        }))
                .orThrow();
    }
}
