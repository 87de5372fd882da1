package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

@Timeout(60)
class SimulationTest {

    private static final SimulationChaos ALL_KINDS =
            SimulationChaos.none().fail(0.05).hang(0.02).delay(0.2, Duration.ZERO, Duration.ofSeconds(2));

    /** Adds one to a number that others add to as well, in two steps or in one. */
    private static final class Counter {

        private final boolean loses;
        private int value;

        Counter(boolean loses) {
            this.loses = loses;
        }

        Mono<Integer> add() {
            if (!loses) {
                return Mono.fromCallable(() -> ++value).subscribeOn(Schedulers.parallel());
            }
            return Mono.fromCallable(() -> value)
                    .subscribeOn(Schedulers.parallel())
                    .publishOn(Schedulers.parallel())
                    .map(read -> value = read + 1);
        }
    }

    private static List<Agent<String, Integer>> adders(int count, Counter counter) {
        return IntStream.range(0, count)
                .mapToObj(at -> Agent.<String, Integer>of("adder#" + at, (input, context) -> counter.add()))
                .toList();
    }

    private static Function<SimulatedWorld, Publisher<?>> counting(boolean loses) {
        return world -> {
            Counter counter = new Counter(loses);
            StepEngine engine = world.engine().build();
            return engine.run(adders(world.agents(), counter), "add").doOnNext(report -> {
                if (counter.value != report.succeeded().size()) {
                    throw new LostUpdate(
                            counter.value + " of " + report.succeeded().size());
                }
            });
        };
    }

    private static final class LostUpdate extends AssertionError {
        private static final long serialVersionUID = 1L;

        LostUpdate(String message) {
            super(message);
        }
    }

    private static final Simulation TWENTY =
            Simulation.seeded(42).seeds(1_000).agents(1, 20).chaos(ALL_KINDS);

    @Test
    void check_faultPlanted_isFoundShrunkAndReplayedToTheSameLog() {
        SimulationReport report = TWENTY.check(counting(true));

        assertThat(report.passed()).isFalse();
        assertThat(report.difference()).isNull();
        assertThat(report.seeds()).isLessThan(20);
        SimulationRun smallest = report.smallest();
        assertThat(smallest.cause()).isInstanceOf(LostUpdate.class);
        assertThat(smallest.of().agents())
                .as("two are needed to lose an update")
                .isEqualTo(2);
        assertThat(smallest.of().faults()).as("no fault is").isEmpty();
        assertThat(smallest.of().choices())
                .isLessThanOrEqualTo(report.failure().of().choices());

        SimulationCase read = SimulationCase.parse(smallest.of().toString());
        assertThat(read).isEqualTo(smallest.of());
        SimulationRun replayed = TWENTY.replay(read, counting(true));
        assertThat(replayed.log()).isEqualTo(smallest.log());
        assertThat(String.join("\n", replayed.log())).isEqualTo(String.join("\n", smallest.log()));
        SimulationRun found = TWENTY.replay(report.failure().of(), counting(true));
        assertThat(found.log())
                .as("the large one too")
                .isEqualTo(report.failure().log());
    }

    @Test
    void check_faultPlanted_isAnErrorThatSaysHowToReplay() {
        SimulationReport report = TWENTY.check(counting(true));

        assertThatThrownBy(report::orThrow)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("seed " + report.failure().of().seed() + " failed")
                .hasMessageContaining(
                        "replay(SimulationCase.parse(\"" + report.smallest().of())
                .hasMessageContaining(report.smallest().log().get(0))
                .hasCauseInstanceOf(LostUpdate.class);
    }

    @Test
    void check_noFaultPlanted_findsNoneIn1000Seeds() {
        long began = System.nanoTime();
        SimulationReport report = TWENTY.check(counting(false));

        report.orThrow();
        assertThat(report.seeds()).isEqualTo(1_000);
        assertThat(report).hasToString("1000 seeds passed");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void check_afterwards_reactorsSchedulersAreWhatTheyWere() {
        Scheduler parallel = Schedulers.parallel();
        Scheduler single = Schedulers.single();
        Simulation.seeded(1)
                .seeds(3)
                .check(world -> Mono.delay(Duration.ofDays(1).minusSeconds(1)))
                .orThrow();

        assertThat(Schedulers.parallel()).isSameAs(parallel);
        assertThat(Schedulers.single()).isSameAs(single);
    }

    @Test
    void check_meanwhile_otherThreadsHaveRealTime() throws Exception {
        AtomicReference<Thread> ran = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        ExecutorService outside = Executors.newSingleThreadExecutor();
        outside.submit(() -> {}).get();
        Simulation.seeded(1)
                .seeds(1)
                .check(world -> {
                    outside.execute(() -> Mono.delay(Duration.ofMillis(5), Schedulers.parallel())
                            .subscribe(now -> {
                                ran.set(Thread.currentThread());
                                done.countDown();
                            }));
                    try {
                        done.await(10, TimeUnit.SECONDS);
                    } catch (InterruptedException interrupted) {
                        return Mono.error(interrupted);
                    }
                    return Mono.empty();
                })
                .orThrow();

        outside.shutdown();
        assertThat(ran.get()).isNotNull();
        assertThat(ran.get().getName()).contains("outside");
    }

    // --- the order

    private static List<String> order(long seed, Scheduler.Worker worker, Scheduler scheduler, int tasks) {
        List<String> ran = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            String name = seed + "/" + task;
            if (worker != null) {
                worker.schedule(() -> ran.add(name));
            } else {
                scheduler.schedule(() -> ran.add(name));
            }
        }
        return ran;
    }

    @Test
    void order_ofTasksOfOneWorker_isKept() {
        Simulation.seeded(1)
                .seeds(50)
                .check(world -> {
                    List<String> one = order(1, Schedulers.parallel().createWorker(), null, 20);
                    List<String> other = order(2, Schedulers.boundedElastic().createWorker(), null, 20);
                    List<String> single = order(3, null, Schedulers.single(), 20);
                    return Mono.delay(Duration.ofMillis(1)).doOnNext(now -> {
                        assertThat(one)
                                .isEqualTo(IntStream.range(0, 20)
                                        .mapToObj(at -> "1/" + at)
                                        .toList());
                        assertThat(other)
                                .isEqualTo(IntStream.range(0, 20)
                                        .mapToObj(at -> "2/" + at)
                                        .toList());
                        assertThat(single)
                                .isEqualTo(IntStream.range(0, 20)
                                        .mapToObj(at -> "3/" + at)
                                        .toList());
                    });
                })
                .orThrow();
    }

    @Test
    void order_ofTasksOfAPool_isTheSeeds() {
        ConcurrentHashMap<Long, List<String>> orders = new ConcurrentHashMap<>();
        Simulation.seeded(1)
                .seeds(50)
                .check(world -> {
                    List<String> ran = order(0, null, Schedulers.parallel(), 5);
                    return Mono.delay(Duration.ofMillis(1)).doOnNext(now -> orders.put(world.seed(), ran));
                })
                .orThrow();

        assertThat(orders.values().stream().distinct()).hasSizeGreaterThan(20);
    }

    @Test
    void order_afterTheChoicesOfACase_isThatInWhichTheyCame() {
        List<String> ran = new ArrayList<>();
        SimulationRun run = Simulation.seeded(1)
                .replay(SimulationCase.parse("seed=7 agents=1 messages=1 choices=0 faults=[]"), world -> {
                    ran.clear();
                    List<String> all = order(0, null, Schedulers.parallel(), 10);
                    return Mono.delay(Duration.ofMillis(1)).doOnNext(now -> ran.addAll(all));
                });

        assertThat(run.passed()).isTrue();
        assertThat(run.of().choices()).isZero();
        assertThat(ran)
                .isEqualTo(IntStream.range(0, 10).mapToObj(at -> "0/" + at).toList());
    }

    @Test
    void time_ofTimers_isVirtualAndInOrder() {
        SimulationRun run = Simulation.seeded(1)
                .replay(
                        SimulationCase.parse("seed=7 agents=1 messages=1 choices=all faults=drawn"),
                        world -> Flux.just(3, 1, 2)
                                .flatMap(
                                        hours -> Mono.delay(Duration.ofHours(hours))
                                                .doOnNext(now -> world.log("hour " + hours)),
                                        3)
                                .thenMany(Flux.interval(Duration.ofMinutes(1)).take(3))
                                .doOnComplete(() -> world.log("elapsed " + world.elapsed())));

        assertThat(run.passed()).isTrue();
        assertThat(run.took()).isEqualTo(Duration.ofHours(3).plusMinutes(3));
        assertThat(run.log().subList(0, 4))
                .containsExactly("3600.000 hour 1", "7200.000 hour 2", "10800.000 hour 3", "10980.000 elapsed PT3H3M");
    }

    // --- how a world ends

    static Stream<Function<SimulatedWorld, Publisher<?>>> failing() {
        return Stream.of(
                world -> {
                    throw new IllegalStateException("thrown");
                },
                world -> Mono.error(new IllegalStateException("signalled")),
                world -> {
                    Schedulers.parallel().schedule(() -> {
                        throw new IllegalStateException("of a task");
                    });
                    return Mono.delay(Duration.ofSeconds(1));
                },
                world -> Mono.fromRunnable(() -> {
                    throw new AssertionError("asserted");
                }),
                world -> null);
    }

    @ParameterizedTest
    @MethodSource("failing")
    void check_failsInAnyWay_isAFailedSeed(Function<SimulatedWorld, Publisher<?>> check) {
        SimulationReport report = Simulation.seeded(5).seeds(10).check(check);

        assertThat(report.passed()).isFalse();
        assertThat(report.seeds()).isEqualTo(1);
        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.FAILED);
        assertThat(report.smallest().cause()).isNotNull();
        assertThat(report.smallest().log()).hasSize(1);
    }

    @Test
    void check_waitsForEver_isStuck() {
        SimulationReport report = Simulation.seeded(5).check(world -> Mono.never());

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.STUCK);
        assertThatThrownBy(report::orThrow).hasMessageContaining("STUCK");
    }

    @Test
    void check_hasNoEnd_isEndlessAtTheLimitOfTime() {
        Simulation hour = Simulation.seeded(5)
                .seeds(1)
                .virtualTimeLimit(Duration.ofHours(1))
                .maxShrinkRuns(0);

        hour.check(world -> Flux.interval(Duration.ofMinutes(1)).take(60)).orThrow();
        SimulationReport report =
                hour.check(world -> Flux.interval(Duration.ofMinutes(1)).take(61));
        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.ENDLESS);
    }

    @Test
    void check_answersItselfForEver_isEndlessAtTheLimitOfTasks() {
        SimulationReport report = Simulation.seeded(5)
                .maxTasks(1_000)
                .check(world -> Mono.just(1).subscribeOn(Schedulers.parallel()).repeat());

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.ENDLESS);
        assertThat(report.smallest().log().get(0)).contains("after 1000 tasks");
        Simulation.seeded(5)
                .seeds(1)
                .maxTasks(1_000)
                .check(world -> Mono.just(1).subscribeOn(Schedulers.parallel()).repeat(300))
                .orThrow();
    }

    @Test
    void check_keepsItsThread_isBlockedAtTheLimitOfRealTime() {
        SimulationReport report = Simulation.seeded(5)
                .realTimeLimit(Duration.ofMillis(50))
                .check(world -> Mono.fromRunnable(SimulationTest::computeForEver));

        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.BLOCKED);
        assertThat(report.smallest().cause()).hasMessageContaining("PT0.05S of real time");
        Simulation.seeded(5)
                .seeds(1)
                .check(world -> Mono.delay(Duration.ofHours(1)))
                .orThrow();
    }

    private static void computeForEver() {
        while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void check_ofWhatNoSeedDecides_saysWhereItDiffers() {
        AtomicInteger runs = new AtomicInteger();
        SimulationReport report = Simulation.seeded(5).check(world -> {
            world.log("begins");
            world.log("run " + runs.incrementAndGet());
            return Mono.empty();
        });

        assertThat(report.passed()).isFalse();
        assertThat(report.failure()).isNull();
        assertThat(report.difference().line()).isEqualTo(2);
        assertThat(report.difference().first()).isEqualTo("0.000 run 1");
        assertThat(report.difference().second()).isEqualTo("0.000 run 2");
        assertThatThrownBy(report::orThrow)
                .hasMessageContaining("not deterministic")
                .hasNoCause();
    }

    @Test
    void check_ofIdsOfTheLibrary_isTheSameEachTime() {
        Agent<String, String> names =
                Agent.of("names", (input, context) -> Mono.just(context.runId() + context.idempotencyKey()));
        Simulation.seeded(5)
                .seeds(2)
                .check(world -> world.engine()
                        .build()
                        .run(List.of(names, names), "go")
                        .doOnNext(report -> world.log(report.values().toString())))
                .orThrow();
    }

    @Test
    void check_inASimulatedWorld_isRefused() {
        SimulationReport report = Simulation.seeded(5).check(world -> {
            Simulation.seeded(1).check(inner -> Mono.empty());
            return Mono.empty();
        });

        assertThat(report.smallest().cause())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no simulations");
    }

    @Test
    void check_interrupted_endsAndKeepsTheInterrupt() {
        Thread.currentThread().interrupt();
        SimulationReport report = Simulation.seeded(5)
                .check(world -> Mono.delay(Duration.ofSeconds(1)).repeat());

        assertThat(Thread.interrupted()).isTrue();
        assertThat(report.smallest().outcome()).isEqualTo(SimulationRun.Outcome.BLOCKED);
    }

    @Test
    void check_ofAgentsThatBlock_hasThemOnItsThread() {
        List<String> threads = Collections.synchronizedList(new ArrayList<>());
        Agent<String, String> blocking = Agent.blocking("blocking", (input, context) -> {
            threads.add(Thread.currentThread().getName());
            return "done";
        });
        Simulation.seeded(5)
                .seeds(20)
                .agents(1, 10)
                .check(world -> world.engine()
                        .build()
                        .run(Collections.nCopies(world.agents(), blocking), "go")
                        .doOnNext(report -> assertThat(report.succeeded()).hasSize(world.agents())))
                .orThrow();

        assertThat(threads).containsOnly("flotilla-simulation");
    }

    @Test
    void check_ofASlowMachine_isTheSameEachTime() {
        Agent<String, String> slow = Agent.of(
                "slow",
                (input, context) -> Mono.fromRunnable(() -> {
                    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(130);
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                }));
        Simulation.seeded(5)
                .seeds(1)
                .check(world -> world.engine()
                        .stepTimeout(Duration.ofMillis(100))
                        .build()
                        .run(List.of(slow, slow), "go")
                        .doOnNext(report -> {
                            world.log(report.toString());
                            assertThat(report.succeeded())
                                    .as("no virtual time has passed")
                                    .hasSize(2);
                        }))
                .orThrow();
    }

    // --- a workflow

    private static Publisher<?> workflow(SimulatedWorld world) {
        Topology topology = Topology.parse("start -> Planner <-> Worker\nPlanner -> end");
        Agent<Turn, Decision> planner = Agent.of(
                "Planner",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.answer(turn.outcomes().size())
                                : Decision.fanOut(
                                        Collections.nCopies(world.agents(), Invocation.of("Worker", "part")))));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Mono.delay(Duration.ofMillis(world.random().nextInt(100)))
                        .thenReturn(Decision.answer("done")));
        Workflow<Object, Object> flow = Workflow.builder(topology, Object.class)
                .agent("Planner", planner)
                .agent("Worker", worker)
                .join(Join.allSettled().orProceed())
                .limits(Limits.steps(1_000))
                .engine(world.engine().stepTimeout(Duration.ofSeconds(10)).build())
                .build();
        Run<Object> run = flow.start("task");
        run.events().subscribe(event -> world.log(event.toString()));
        return run.result().doOnNext(result -> {
            world.log(result.status() + " " + result.failure());
            assertThat(result.status()).isIn(RunResult.Status.SUCCEEDED, RunResult.Status.FAILED);
        });
    }

    @Test
    void check_ofAWorkflowWithFaults_isDeterministic() {
        Simulation simulation = Simulation.seeded(7).seeds(20).agents(1, 20).chaos(ALL_KINDS);

        simulation.check(SimulationTest::workflow).orThrow();
        List<SimulatedFault.Kind> kinds = new ArrayList<>();
        for (int seed = 0; seed < 10; seed++) {
            SimulationCase one = new SimulationCase(seed, 20, 1, Integer.MAX_VALUE, null);
            SimulationRun first = simulation.replay(one, SimulationTest::workflow);
            assertThat(simulation.replay(one, SimulationTest::workflow).log()).isEqualTo(first.log());
            assertThat(first.log()).hasSizeGreaterThan(40);
            first.of().faults().forEach(fault -> kinds.add(fault.kind()));
        }
        assertThat(kinds).contains(SimulatedFault.Kind.FAIL, SimulatedFault.Kind.HANG, SimulatedFault.Kind.DELAY);
    }

    @Test
    void check_ofAFaultThatNeedsAFault_keepsThatOneAlone() {
        Simulation simulation = Simulation.seeded(7).seeds(100).agents(1, 20).chaos(ALL_KINDS);
        SimulationReport report = simulation.check(world -> world.engine()
                .stepTimeout(Duration.ofSeconds(10))
                .build()
                .run(adders(world.agents(), new Counter(false)), "add")
                .doOnNext(all -> {
                    if (all.failures().stream()
                            .anyMatch(failure -> failure.cause() instanceof SimulatedFaultException)) {
                        throw new LostUpdate("one has failed");
                    }
                }));

        assertThat(report.passed()).isFalse();
        assertThat(report.smallest().of().agents()).isEqualTo(1);
        assertThat(report.smallest().of().faults())
                .singleElement()
                .satisfies(fault -> assertThat(fault.toString()).isEqualTo("fail adder#0/1"));
    }

    @Test
    void check_shrinkRunsZero_shrinksNothing() {
        SimulationReport report = TWENTY.maxShrinkRuns(0).check(counting(true));

        assertThat(report.shrinkRuns()).isZero();
        assertThat(report.smallest()).isEqualTo(report.failure());
        assertThat(TWENTY.maxShrinkRuns(3).check(counting(true)).shrinkRuns()).isEqualTo(3);
    }

    // --- messages

    @Test
    void deliveries_ofAllKinds_areDrawn() {
        List<List<Duration>> seen = new ArrayList<>();
        Simulation.seeded(1)
                .seeds(100)
                .chaos(SimulationChaos.none()
                        .lose(0.1)
                        .duplicate(0.1)
                        .delayMessages(0.1, Duration.ofSeconds(1), Duration.ofSeconds(1)))
                .check(world -> {
                    seen.add(world.deliveries("hello", "bob"));
                    return Mono.empty();
                })
                .orThrow();

        assertThat(seen)
                .contains(
                        List.of(),
                        List.of(Duration.ZERO),
                        List.of(Duration.ZERO, Duration.ZERO),
                        List.of(Duration.ofSeconds(1)));
        assertThat(seen.stream().filter(List.of(Duration.ZERO)::equals)).hasSizeBetween(50, 90);
    }

    @Test
    void faults_ofACase_happenAndNoOthers() {
        SimulationRun run = Simulation.seeded(1)
                .chaos(SimulationChaos.none().lose(1))
                .replay(
                        SimulationCase.parse("seed=1 agents=1 messages=3 choices=all faults=[duplicate bob/2]"),
                        world -> {
                            for (int at = 0; at < world.messages(); at++) {
                                world.log(world.deliveries(at, "bob").toString());
                            }
                            return Mono.empty();
                        });

        assertThat(run.log().subList(0, 6))
                .containsExactly(
                        "0.000 message 0 for bob",
                        "0.000 [PT0S]",
                        "0.000 message 1 for bob: duplicate bob/2",
                        "0.000 [PT0S, PT0S]",
                        "0.000 message 2 for bob",
                        "0.000 [PT0S]");
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(
            strings = {
                "seed=1",
                "seed=x agents=1 messages=1 choices=all faults=drawn",
                "seed=1 agents=0 messages=1 choices=all faults=drawn",
                "seed=99999999999999999999 agents=1 messages=1 choices=all faults=drawn",
                "seed=1 agents=1 messages=1 choices=all faults=[burn bob/1]",
                "seed=1 agents=1 messages=1 choices=all faults=[lose bob]",
                "seed=1 agents=1 messages=1 choices=all faults=[lose bob/0]",
                "seed=1 agents=1 messages=1 choices=all faults=[delay bob/1 soon]",
                "seed=1 agents=1 messages=1 choices=all faults=[lose bob/1,]"
            })
    void parse_ofWhatIsNoCase_isAnError(String text) {
        assertThatThrownBy(() -> SimulationCase.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "seed=-1 agents=1 messages=0 choices=all faults=drawn",
                "seed=1 agents=20 messages=5 choices=17 faults=[]",
                "seed=1 agents=1 messages=1 choices=0 faults=[lose a#b/1, delay x/y/3 PT0.25S, delay-message z/1 PT1S]"
            })
    void parse_ofWhatACaseWrites_isTheCase(String text) {
        assertThat(SimulationCase.parse(text)).hasToString(text);
    }

    @Test
    void settings_outOfBounds_areRefused() {
        Simulation some = Simulation.seeded(1);
        assertThatThrownBy(() -> some.seeds(0)).hasMessage("seeds must be >= 1, was 0");
        assertThatThrownBy(() -> some.agents(0, 1)).hasMessage("least must be >= 1, was 0");
        assertThatThrownBy(() -> some.agents(3, 2)).hasMessage("most must be >= 3, was 2");
        assertThatThrownBy(() -> some.messages(-1, 2)).hasMessage("least must be >= 0, was -1");
        assertThatThrownBy(() -> some.maxTasks(0)).hasMessage("tasks must be >= 1, was 0");
        assertThatThrownBy(() -> some.maxShrinkRuns(-1)).hasMessage("runs must be >= 0, was -1");
        assertThatThrownBy(() -> some.virtualTimeLimit(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> some.realTimeLimit(Duration.ofNanos(1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> some.chaos(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> some.check(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> SimulationChaos.none().fail(1.1)).hasMessageContaining("was 1.1");
        assertThatThrownBy(() -> SimulationChaos.none().fail(Double.NaN)).hasMessageContaining("was NaN");
        assertThatThrownBy(() -> SimulationChaos.none().delay(0.1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("was PT2S and PT1S");
    }
}
