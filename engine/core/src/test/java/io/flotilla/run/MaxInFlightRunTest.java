package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepRejectedException;
import io.flotilla.topology.Topology;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** Runs under one limit of their engine. */
@Timeout(60)
class MaxInFlightRunTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final List<Sinks.One<String>> held = Collections.synchronizedList(new ArrayList<>());

    private StepEngine engine(InFlightLimit limit) {
        return StepEngine.builder().maxInFlight(limit).meterRegistry(meters).build();
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    private void assertAllFree() {
        await(() -> gauge("flotilla.permits.in.use") == 0 && gauge("flotilla.permits.queued") == 0);
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** A boss forks {@code width} workers and joins them. */
    private Workflow<String, String> crew(StepEngine engine, int width, Mono<String> work) {
        Agent<Turn, Decision> boss = Agent.of(
                "Boss",
                (turn, context) -> Mono.just(
                        turn.outcomes().isEmpty()
                                ? Decision.fanOut(IntStream.range(0, width)
                                        .mapToObj(at -> Invocation.of("Worker", at))
                                        .toList())
                                : Decision.answer(
                                        "joined " + turn.answers(String.class).size())));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Mono.using(
                                () -> most.accumulateAndGet(now.incrementAndGet(), Math::max),
                                any -> work,
                                any -> now.decrementAndGet(),
                                true)
                        .map(Decision::answer));
        return Workflow.builder(Topology.parse("start -> Boss\nBoss <-> Worker"), String.class)
                .agent("Boss", boss)
                .agent("Worker", worker)
                .engine(engine)
                .build();
    }

    private Mono<String> hold() {
        return Mono.defer(() -> {
            Sinks.One<String> end = Sinks.one();
            held.add(end);
            return end.asMono();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void maxInFlight_manyRuns_isTheMostOfAllTogether(int maxInFlight) {
        Workflow<String, String> crew = crew(
                engine(InFlightLimit.of(maxInFlight)),
                10,
                Mono.delay(Duration.ofNanos(1)).thenReturn("done"));

        List<String> answers = Flux.range(0, 50)
                .flatMap(run -> crew.run("go").map(result -> result.orThrow().answer()), 50)
                .collectList()
                .block(SOON);

        assertThat(answers).hasSize(50).containsOnly("joined 10");
        assertThat(most.get()).isBetween(1, maxInFlight);
        assertAllFree();
    }

    @Test
    void maxInFlight_10000Runs_allEnd() {
        Workflow<String, String> crew = crew(
                engine(InFlightLimit.of(16)), 2, Mono.delay(Duration.ofNanos(1)).thenReturn("done"));

        Long ended = Flux.range(0, 10_000)
                .flatMap(run -> crew.run("go").map(result -> result.orThrow().answer()), 10_000)
                .count()
                .block(SOON.multipliedBy(2));

        assertThat(ended).isEqualTo(10_000);
        assertThat(most.get()).isLessThanOrEqualTo(16);
        assertAllFree();
    }

    @Test
    void waiting_branches_areReadyInTheStateOfTheRun() {
        Workflow<String, String> crew = crew(engine(InFlightLimit.of(2)), 5, hold());
        Run<String> run = crew.start("go");
        await(() -> held.size() == 2);

        assertThat(run.waitingBranches())
                .extracting(RunState.BranchState::agent, RunState.BranchState::status)
                .containsOnly(org.assertj.core.groups.Tuple.tuple("Worker", RunState.BranchStatus.READY))
                .hasSize(3);
        assertThat(run.waitingBranches())
                .extracting(branch -> branch.path().toString())
                .containsExactly("/0.2/", "/0.3/", "/0.4/");

        while (!held.isEmpty()) {
            held.remove(0).tryEmitValue("done");
            await(() -> !held.isEmpty() || gauge("flotilla.permits.in.use") == 0);
        }
        assertThat(run.result().block(SOON)).isNotNull();
        assertThat(run.waitingBranches()).isEmpty();
    }

    @Test
    void waiting_withoutALimit_isNobody() {
        Run<String> run = crew(StepEngine.builder().build(), 5, hold()).start("go");

        assertThat(run.waitingBranches()).isEmpty();
        run.cancel();
    }

    @Test
    void waiting_runCancelled_leavesTheQueueAndCallsNobody() {
        StepEngine engine = engine(InFlightLimit.of(1));
        Run<String> first = crew(engine, 1, hold()).start("go");
        await(() -> held.size() == 1);
        Run<String> second = crew(engine, 3, hold()).start("go");
        assertThat(gauge("flotilla.permits.queued")).isEqualTo(1);

        second.cancel();

        assertThat(second.result().block(SOON)).isNotNull();
        assertThat(gauge("flotilla.permits.queued")).isZero();
        assertThat(held).hasSize(1);
        first.cancel();
        assertAllFree();
    }

    @Test
    void waiting_branchesCancelledByAJoin_leaveTheQueueAndTheRunGoesOn() {
        StepEngine engine = engine(InFlightLimit.of(2));
        Workflow<String, String> crew = Workflow.builder(Topology.parse("start -> Boss\nBoss <-> Worker"), String.class)
                .agent(
                        "Boss",
                        Agent.of(
                                "Boss",
                                (turn, context) -> Mono.just(
                                        turn.outcomes().isEmpty()
                                                ? Decision.fanOut(Collections.nCopies(6, Invocation.of("Worker", "go")))
                                                : Decision.answer("joined "
                                                        + turn.answers(String.class)
                                                                .size()))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> hold().map(Decision::answer)))
                .join(Join.firstSuccess())
                .engine(engine)
                .build();
        Run<String> run = crew.start("go");
        await(() -> held.size() == 2);

        held.get(0).tryEmitValue("first");

        assertThat(run.result().map(result -> result.orThrow().answer()).block(SOON))
                .isEqualTo("joined 1");
        assertAllFree();
    }

    @Test
    void waiting_longerThanTheStepTimeout_isNotTheStepsTimeButTheRuns() {
        UndisturbedTime.verifier(() -> {
                    StepEngine engine = StepEngine.builder()
                            .maxInFlight(1)
                            .stepTimeout(Duration.ofSeconds(60))
                            .build();
                    return crew(engine, 4, Mono.delay(Duration.ofSeconds(50)).thenReturn("done"))
                            .run("go");
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(200))
                .assertNext(result -> assertThat(result.orThrow().answer()).isEqualTo("joined 4"))
                .verifyComplete();
    }

    @Test
    void maxQueued_full_runFailsWithTheRejection() {
        StepEngine engine = engine(InFlightLimit.of(1).maxQueued(0));
        Run<String> first = crew(engine, 1, hold()).start("go");
        await(() -> held.size() == 1);

        RunResult<String> refused = crew(engine, 1, hold()).run("go").block(SOON);

        assertThat(refused).isNotNull();
        assertThat(refused.failure()).hasRootCauseInstanceOf(StepRejectedException.class);
        assertThat(refused.failure()).hasMessageContaining("1 of 1 steps in flight");
        first.cancel();
        assertAllFree();
    }

    @Test
    void permit_bodyOfAWaitingBranchKeepsTheWorker_runGoesOnAndCancelsReachIt() throws InterruptedException {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(2)
                .meterRegistry(meters)
                .stepTimeout(Duration.ofSeconds(1))
                .build();
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        Mono<String> work = Mono.defer(() -> {
            int call = calls.incrementAndGet();
            if (call == 3 || call == 4) {
                boolean waits = true;
                while (waits) {
                    try {
                        release.await();
                        waits = false;
                    } catch (InterruptedException again) {
                        // It keeps its thread whatever is asked of it.
                    }
                }
            }
            return Mono.delay(Duration.ofMillis(1)).thenReturn("done");
        });
        Topology topology = Topology.parse("start -> Boss\nBoss <-> Worker");
        Workflow<String, String> crew = Workflow.builder(topology, String.class)
                .agent(
                        "Boss",
                        Agent.of(
                                "Boss",
                                (turn, context) -> Mono.just(
                                        turn.outcomes().isEmpty()
                                                ? Decision.fanOut(Collections.nCopies(8, Invocation.of("Worker", "go")))
                                                : Decision.answer("joined "
                                                        + turn.answers(String.class)
                                                                .size()))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> work.map(Decision::answer)))
                .join(Join.allSettled())
                .engine(engine)
                .build();

        // Not on this thread: a body that is started on it keeps it.
        RunResult<String> result =
                crew.run("go").subscribeOn(Schedulers.boundedElastic()).block(SOON);

        assertThat(result).isNotNull();
        assertThat(result.orThrow().answer())
                .as("all but two, unless the machine is so busy that others time out too")
                .matches("joined [1-6]");
        release.countDown();
        assertAllFree();
    }

    @Test
    void permit_interceptedStep_isHeldByAllItsAttempts() {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(1)
                .meterRegistry(meters)
                .interceptor(StepInterceptor.ofStep(steps -> steps.retry(2)))
                .build();
        AtomicInteger attempts = new AtomicInteger();
        Mono<String> failsTwice = Mono.defer(() -> {
            assertThat(gauge("flotilla.permits.in.use")).isEqualTo(1);
            return attempts.incrementAndGet() < 3 ? Mono.error(new IllegalStateException("again")) : Mono.just("done");
        });

        RunResult<String> result = crew(engine, 1, failsTwice).run("go").block(SOON);

        assertThat(result).isNotNull();
        assertThat(result.orThrow().answer()).isEqualTo("joined 1");
        assertThat(attempts).hasValue(3);
        assertAllFree();
    }
}
