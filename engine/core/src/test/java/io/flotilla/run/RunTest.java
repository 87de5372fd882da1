package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.deciding;
import static io.flotilla.run.TestRuns.ended;
import static io.flotilla.run.TestRuns.events;
import static io.flotilla.run.TestRuns.forking;
import static io.flotilla.run.TestRuns.invocations;
import static io.flotilla.run.TestRuns.joined;
import static io.flotilla.run.TestRuns.stepping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.CountingTimer;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.Order;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.util.RaceTestUtils;
import reactor.util.context.Context;

/** The shell around the machine: start, end, cancel, pause, whatever agents do, and that nothing is left. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class RunTest {

    private static final Agent<Turn, Decision> SILENT = stepping("Worker", turn -> Mono.never());
    private static final Duration LIMIT = Duration.ofMillis(80);

    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void release() {
        never.countDown();
    }

    /** Keeps the thread until the test is over. */
    private void keep() {
        boolean interrupted = false;
        while (never.getCount() > 0) {
            try {
                never.await();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static StepEngine.Builder engine() {
        return StepEngine.builder();
    }

    private static RunResult.Status statusOf(Run<?> run) {
        return ended(run).status();
    }

    // --- start

    @Test
    void start_returns_firstStepsHaveBeenStarted() {
        AtomicInteger started = new AtomicInteger();
        Workflow<String, String> flow = alone(stepping("Solo", turn -> {
                    started.incrementAndGet();
                    return Mono.never();
                }))
                .build();

        Run<String> run = flow.start("task");

        assertThat(started).hasValue(1);
        run.cancel();
    }

    @Test
    void start_nullArguments_throws() {
        Workflow<String, String> flow =
                alone(deciding("Solo", turn -> Decision.answer("x"))).build();

        assertThatNullPointerException().isThrownBy(() -> flow.start(null)).withMessage("task");
        assertThatNullPointerException().isThrownBy(() -> flow.start("task", (reactor.util.context.ContextView) null));
        assertThatNullPointerException().isThrownBy(() -> flow.run(null)).withMessage("task");
    }

    @Test
    void run_subscribedTwice_isTwoRuns() {
        AtomicInteger started = new AtomicInteger();
        Workflow<String, String> flow = alone(deciding("Solo", turn -> {
                    started.incrementAndGet();
                    return Decision.answer("x");
                }))
                .build();
        Mono<RunResult<String>> cold = flow.run("task");
        assertThat(started).hasValue(0);

        RunResult<String> first = cold.block();
        RunResult<String> second = cold.block();

        assertThat(started).hasValue(2);
        assertThat(first.runId()).isNotEqualTo(second.runId());
    }

    @Test
    void run_subscriptionCancelled_cancelsTheRunAndItsSteps() {
        AtomicInteger cancelled = new AtomicInteger();
        Workflow<String, String> flow = crew(
                        forking(3),
                        stepping("Worker", turn -> Mono.<Decision>never().doOnCancel(cancelled::incrementAndGet)))
                .build();

        flow.run("task").subscribe().dispose();

        assertThat(cancelled).hasValue(3);
    }

    @Test
    void run_noDemand_resultWaitsForIt() {
        Workflow<String, String> flow =
                alone(deciding("Solo", turn -> Decision.answer("x"))).build();

        StepVerifier.create(flow.run("task"), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(1)
                .assertNext(result -> assertThat(result.answer()).isEqualTo("x"))
                .verifyComplete();
    }

    @Test
    void run_cancelledOnSubscription_startsNothing() {
        AtomicInteger started = new AtomicInteger();
        Workflow<String, String> flow = alone(deciding("Solo", turn -> {
                    started.incrementAndGet();
                    return Decision.answer("x");
                }))
                .build();

        flow.run("task").doOnSubscribe(subscription -> subscription.cancel()).subscribe();

        assertThat(started).hasValue(0);
    }

    @Test
    void result_manyAndLateSubscribers_allHaveTheSame() {
        Sinks.One<Decision> answer = Sinks.one();
        Run<String> run =
                alone(stepping("Solo", turn -> answer.asMono())).build().start("task");
        Queue<RunResult<String>> results = new ConcurrentLinkedQueue<>();
        run.result().subscribe(results::add);
        run.result().subscribe(results::add);
        run.result().subscribe(results::add).dispose();

        answer.tryEmitValue(Decision.answer("x"));
        run.result().subscribe(results::add);

        assertThat(results).hasSize(3).containsOnly(ended(run));
        assertThat(ended(run).answer()).isEqualTo("x");
        assertThat(run).hasToString("Run[" + run.runId() + "]");
    }

    @Test
    void result_subscriberThrows_othersHaveItAllTheSame() {
        Sinks.One<Decision> answer = Sinks.one();
        Run<String> run =
                alone(stepping("Solo", turn -> answer.asMono())).build().start("task");
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        run.result()
                .subscribe(
                        result -> {
                            throw new IllegalStateException("subscriber");
                        },
                        thrown::set);
        Mono<RunResult<String>> second = run.result();

        answer.tryEmitValue(Decision.answer("x"));

        assertThat(second.block(SOON).answer()).isEqualTo("x");
        assertThat(thrown.get()).hasMessage("subscriber");
    }

    // --- cancel

    @Test
    void cancel_stepsInFlight_eachSeesItOnce() {
        Map<Object, AtomicInteger> cancels = new ConcurrentHashMap<>();
        Run<String> run = crew(
                        forking(100),
                        stepping(
                                "Worker",
                                turn -> Mono.<Decision>never()
                                        .doOnCancel(
                                                () -> cancels.computeIfAbsent(turn.input(), any -> new AtomicInteger())
                                                        .incrementAndGet())))
                .build()
                .start("task");

        run.cancel();
        run.cancel();

        assertThat(cancels).hasSize(100);
        assertThat(cancels.values()).allMatch(count -> count.get() == 1);
        assertThat(statusOf(run)).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(ended(run).failure()).isInstanceOf(RunCancelledException.class);
        assertThat(ended(run).branches()).isEqualTo(new RunResult.Branches(0, 0, 0, 101));
        assertThatThrownBy(() -> ended(run).orThrow()).isInstanceOf(RunCancelledException.class);
    }

    @Test
    void cancel_afterTheEnd_changesNothing() {
        Run<String> run =
                alone(deciding("Solo", turn -> Decision.answer("x"))).build().start("task");
        List<RunEvent> before = events(run);

        run.cancel();
        run.pause();
        run.resume();

        assertThat(ended(run).answer()).isEqualTo("x");
        assertThat(events(run)).isEqualTo(before);
        assertThat(run.answer("q0", "late").block(SOON)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancel_fromInsideAStep_endsTheRun(boolean atAssembly) {
        AtomicReference<Run<String>> self = new AtomicReference<>();
        AtomicInteger after = new AtomicInteger();
        Sinks.One<Integer> go = Sinks.one();
        Agent<Turn, Decision> worker = stepping("Worker", turn -> {
            if (atAssembly && self.get() != null) {
                self.get().cancel();
                self.get().cancel();
            }
            return go.asMono().map(any -> {
                if (!atAssembly) {
                    self.get().cancel();
                }
                return Decision.answer(any);
            });
        });
        Agent<Turn, Decision> lead = stepping(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Mono.fromSupplier(() -> Decision.answer("" + after.incrementAndGet()))
                        : go.asMono().map(any -> Decision.fanOut(invocations("Worker", 3))));
        Run<String> run = crew(lead, worker).build().start("task");
        self.set(run);

        go.tryEmitValue(1);

        assertThat(statusOf(run)).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(after).hasValue(0);
    }

    @Test
    void cancel_handlerThrows_othersSeeTheCancelAndTheRunEnds() {
        AtomicInteger cancels = new AtomicInteger();
        Run<String> run = crew(
                        forking(3),
                        stepping(
                                "Worker",
                                turn -> Mono.<Decision>never().doOnCancel(() -> {
                                    cancels.incrementAndGet();
                                    throw new IllegalStateException("cancel");
                                })))
                .build()
                .start("task");

        run.cancel();

        assertThat(cancels).hasValue(3);
        assertThat(statusOf(run)).isEqualTo(RunResult.Status.CANCELLED);
    }

    @Test
    void cancel_atTheInstantAStepEnds_oneTerminalState() {
        for (int round = 0; round < 2_000; round++) {
            Sinks.One<Decision> answer = Sinks.one();
            AtomicInteger cancelled = new AtomicInteger();
            Run<String> run = alone(stepping("Solo", turn -> answer.asMono().doOnCancel(cancelled::incrementAndGet)))
                    .build()
                    .start("task");

            RaceTestUtils.race(run::cancel, () -> answer.tryEmitValue(Decision.answer("x")));

            RunResult<String> result = ended(run);
            List<RunEvent> told = events(run);
            assertThat(told)
                    .last()
                    .isEqualTo(new RunEvent.RunFinished(
                            told.size() - 1, told.get(told.size() - 1).at(), result.status()));
            assertThat(told.stream().filter(RunTest::isEnd)).hasSize(1);
            assertThat(result.branches().answered() + result.branches().cancelled())
                    .isEqualTo(1);
            if (result.isSucceeded()) {
                assertThat(cancelled).hasValue(0);
            }
        }
    }

    static boolean isEnd(RunEvent event) {
        return event instanceof RunEvent.BranchAnswered
                || event instanceof RunEvent.BranchFailed
                || event instanceof RunEvent.BranchMovedOn
                || event instanceof RunEvent.BranchCancelled;
    }

    @Test
    void straggler_cancelledAtTheInstantItEnds_settlesOnce() {
        for (int round = 0; round < 2_000; round++) {
            List<Sinks.One<Decision>> answers = List.of(Sinks.one(), Sinks.one(), Sinks.one());
            Run<String> run = crew(
                            forking(3),
                            stepping(
                                    "Worker",
                                    turn -> answers.get(turn.input(Integer.class))
                                            .asMono()))
                    .join(Join.firstSuccess())
                    .build()
                    .start("task");

            RaceTestUtils.race(
                    () -> answers.get(0).tryEmitValue(Decision.answer("a")),
                    () -> answers.get(1).tryEmitValue(Decision.answer("b")),
                    () -> answers.get(2).tryEmitValue(Decision.fail("c")));

            RunResult<String> result = ended(run);
            assertThat(result.answer()).isIn("a", "b", "a,-", "b,-", "-,a", "-,b");
            assertThat(events(run).stream().filter(RunTest::isEnd)).hasSize(4);
            assertThat(result.branches().failed()
                            + result.branches().answered()
                            + result.branches().cancelled())
                    .isEqualTo(4);
        }
    }

    // --- pause

    @Test
    void pause_stepsInFlight_endAndNoNewOneStarts() {
        Sinks.One<Integer> go = Sinks.one();
        AtomicInteger joinedTurns = new AtomicInteger();
        Agent<Turn, Decision> lead = deciding("Lead", turn -> {
            if (turn.reason() == Turn.Reason.JOINED) {
                joinedTurns.incrementAndGet();
                return Decision.answer(joined(turn));
            }
            return Decision.fanOut(invocations("Worker", 2));
        });
        Run<String> run = crew(lead, stepping("Worker", turn -> go.asMono().map(any -> Decision.answer(turn.input()))))
                .build()
                .start("task");
        List<RunEvent> told = new CopyOnWriteArrayList<>();
        run.events().subscribe(told::add);

        run.pause();
        run.pause();
        go.tryEmitValue(1);

        assertThat(joinedTurns).hasValue(0);
        run.resume();
        run.resume();
        assertThat(ended(run).answer()).isEqualTo("0,1");
        assertThat(events(run).stream().filter(RunEvent.RunPaused.class::isInstance))
                .hasSize(1);
        assertThat(events(run).stream().filter(RunEvent.RunResumed.class::isInstance))
                .hasSize(1);
    }

    @Test
    void pause_nothingInFlight_resumeGoesOn() {
        Run<String> run = alone(deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer(turn.answer(String.class))
                                : Decision.ask("which?")))
                .build()
                .start("task");

        run.pause();
        assertThat(run.answer("q0", "this").block(SOON)).isTrue();
        assertThat(run.questions()).isEmpty();
        assertThat(first(run.events().take(6))).last().isInstanceOf(RunEvent.RunPaused.class);
        run.resume();

        assertThat(ended(run).answer()).isEqualTo("this");
    }

    private static List<RunEvent> first(reactor.core.publisher.Flux<RunEvent> some) {
        return some.collectList().block(SOON);
    }

    @Test
    void pause_deadlineOfAJoin_goesOn() {
        UndisturbedTime.verifier(() -> {
                    Run<String> run = crew(forking(2), SILENT)
                            .joinAt("Lead", Join.all().within(Duration.ofSeconds(5)))
                            .build()
                            .start("task");
                    run.pause();
                    return run.result();
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .assertNext(result -> assertThat(result.failure()).isInstanceOf(JoinShortfallException.class))
                .verifyComplete();
    }

    @Test
    void pause_timeOfTheRun_goesOn() {
        UndisturbedTime.verifier(() -> {
                    Run<String> run = crew(forking(2), SILENT)
                            .limits(Limits.time(Duration.ofSeconds(5)))
                            .build()
                            .start("task");
                    run.pause();
                    return run.result();
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .assertNext(result -> assertThat(result.failure()).isInstanceOf(LimitExceededException.class))
                .verifyComplete();
    }

    @Test
    void cancel_whilePaused_endsTheRun() {
        Run<String> run = crew(forking(2), SILENT).build().start("task");
        run.pause();

        run.cancel();

        assertThat(statusOf(run)).isEqualTo(RunResult.Status.CANCELLED);
    }

    // --- agents that fail

    record Failing(String name, Supplier<Mono<Decision>> step, String message) {
        @Override
        public String toString() {
            return name;
        }
    }

    @SuppressWarnings("InfiniteRecursion")
    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    static Stream<Failing> failing() {
        return Stream.of(
                new Failing(
                        "throws at assembly",
                        () -> {
                            throw new IllegalStateException("boom");
                        },
                        "boom"),
                new Failing(
                        "throws a LinkageError",
                        () -> {
                            throw new NoClassDefFoundError("gone");
                        },
                        "gone"),
                new Failing(
                        "signals nothing but throws a LinkageError",
                        () -> Mono.fromSupplier(() -> {
                            throw new NoClassDefFoundError("gone");
                        }),
                        "gone"),
                new Failing(
                        "overflows its stack",
                        () -> Mono.fromSupplier(() -> Decision.answer("" + overflow(0))),
                        "StackOverflowError"),
                new Failing("returns null", () -> null, "agent Worker returned null instead of a Mono"),
                new Failing("signals an error", () -> Mono.error(new IllegalStateException("boom")), "boom"),
                new Failing(
                        "throws an exception whose message throws",
                        () -> Mono.error(new IllegalStateException() {
                            @Override
                            public String getMessage() {
                                throw new IllegalStateException("message");
                            }
                        }),
                        "message cannot be read"));
    }

    @ParameterizedTest
    @MethodSource("failing")
    void agent_thatFails_isAnOutcomeAndTheRunGoesOn(Failing failing) {
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> Integer.valueOf(1).equals(turn.input())
                        ? failing.step().get()
                        : Mono.just(Decision.answer(turn.input())));
        Run<String> run =
                crew(forking(3), worker).join(Join.allSettled()).build().start("task");

        assertThat(ended(run).answer()).isEqualTo("0,-,2");
        assertThat(events(run).stream()
                        .filter(RunEvent.BranchFailed.class::isInstance)
                        .map(RunEvent.BranchFailed.class::cast))
                .singleElement()
                .satisfies(failed -> {
                    assertThat(failed.failure().kind()).isEqualTo(RunFailure.Kind.STEP_FAILED);
                    assertThat(failed.failure().getMessage())
                            .contains("agent Worker (branch /0.1/)", failing.message());
                });
    }

    @Test
    void agent_thatDecidesNothing_isCorrectedAndThenFails() {
        Run<String> run = alone(stepping("Solo", turn -> Mono.empty())).build().start("task");

        assertThat(ended(run).failure()).isInstanceOf(InvalidDecisionException.class);
        assertThat(ended(run).steps()).isEqualTo(3);
    }

    @Test
    void plainAgent_returnsNull_failureNamesIt() {
        Run<String> run = Workflow.builder(TestRuns.ALONE, String.class)
                .agent("Solo", String.class, Agent.<String, String>of("plain", (input, context) -> null))
                .build()
                .start("task");

        assertThat(ended(run).failure()).hasMessageContaining("agent plain returned null instead of a Mono");
    }

    @Test
    void agent_thatHangs_timesOutAndTheRunGoesOn() {
        UndisturbedTime.verifier(() -> crew(
                                forking(3),
                                stepping(
                                        "Worker",
                                        turn -> Integer.valueOf(1).equals(turn.input())
                                                ? Mono.never()
                                                : Mono.just(Decision.answer(turn.input()))))
                        .join(Join.allSettled())
                        .engine(engine().stepTimeout(Duration.ofSeconds(7)).build())
                        .build()
                        .run("task"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(7))
                .assertNext(result -> assertThat(result.answer()).isEqualTo("0,-,2"))
                .verifyComplete();
    }

    @Test
    void agent_keepsTheThreadItIsStartedOn_timesOutAndTheRunGoesOn() throws InterruptedException {
        Workflow<String, String> flow = crew(forking(4), stepping("Worker", turn -> {
                    if (turn.input(Integer.class) < 2) {
                        keep();
                    }
                    return Mono.just(Decision.answer(turn.input()));
                }))
                .join(Join.allSettled())
                .engine(engine().stepTimeout(LIMIT).build())
                .build();
        AtomicReference<RunResult<String>> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);

        flow.run("task").subscribeOn(Schedulers.newSingle("subscriber", true)).subscribe(value -> {
            result.set(value);
            done.countDown();
        });

        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(result.get().answer()).isEqualTo("-,-,2,3");
    }

    @Test
    void agent_hasAnsweredAndKeepsTheThread_answerCountsAndTheRunGoesOn() throws InterruptedException {
        Workflow<String, String> flow = crew(
                        forking(2),
                        stepping(
                                "Worker",
                                turn -> Mono.create(sink -> {
                                    sink.success(Decision.answer(turn.input()));
                                    if (Integer.valueOf(0).equals(turn.input())) {
                                        keep();
                                    }
                                })))
                .engine(engine().stepTimeout(LIMIT).build())
                .build();
        AtomicReference<RunResult<String>> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);

        flow.run("task").subscribeOn(Schedulers.newSingle("subscriber", true)).subscribe(value -> {
            result.set(value);
            done.countDown();
        });

        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(result.get().answer()).isEqualTo("0,1");
    }

    @Test
    void straggler_keepsTheThreadThatCancelsIt_runGoesOn() throws InterruptedException {
        Sinks.One<Integer> go = Sinks.one();
        AtomicInteger cancels = new AtomicInteger();
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> Integer.valueOf(0).equals(turn.input())
                        ? go.asMono().map(any -> Decision.answer("first"))
                        : Mono.<Decision>never().doOnCancel(() -> {
                            cancels.incrementAndGet();
                            keep();
                        }));
        Run<String> run = crew(forking(4), worker)
                .join(Join.firstSuccess())
                .engine(engine().stepTimeout(LIMIT).build())
                .build()
                .start("task");

        Schedulers.newSingle("answering", true).schedule(() -> go.tryEmitValue(1));

        assertThat(ended(run).answer()).isEqualTo("first");
        assertThat(cancels).hasValue(3);
    }

    @Test
    void cancel_handlersKeepTheThread_runEndsAllTheSame() {
        AtomicInteger cancels = new AtomicInteger();
        Run<String> run = crew(
                        forking(3),
                        stepping(
                                "Worker",
                                turn -> Mono.<Decision>never().doOnCancel(() -> {
                                    cancels.incrementAndGet();
                                    keep();
                                })))
                .engine(engine().stepTimeout(LIMIT).build())
                .build()
                .start("task");
        assertThat(first(run.events().take(9))).hasSize(9);

        Schedulers.newSingle("cancelling", true).schedule(run::cancel);

        assertThat(statusOf(run)).isIn(RunResult.Status.CANCELLED, RunResult.Status.FAILED);
        assertThat(cancels).hasValue(3);
    }

    @Test
    void limit_exceededWithStepsInFlight_eachSeesTheCancelOnce() {
        AtomicInteger cancels = new AtomicInteger();
        UndisturbedTime.verifier(() -> crew(
                                forking(5),
                                stepping(
                                        "Worker", turn -> Mono.<Decision>never().doOnCancel(cancels::incrementAndGet)))
                        .limits(Limits.time(Duration.ofSeconds(3)))
                        .build()
                        .run("task"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> {
                    assertThat(result.failure()).isInstanceOf(LimitExceededException.class);
                    assertThat(result.branches().failed()).isEqualTo(1);
                    assertThat(result.branches().cancelled()).isEqualTo(5);
                })
                .verifyComplete();
        assertThat(cancels).hasValue(5);
    }

    // --- what the engine does applies to steps of a run

    /** Tries again once; a worker that fails then has a stand-in. */
    private static final class Resilient implements StepInterceptor {

        private final Queue<Integer> attempts = new ConcurrentLinkedQueue<>();
        private final Queue<AgentId> agents = new ConcurrentLinkedQueue<>();

        @Override
        @SuppressWarnings("unchecked")
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> chain) {
            agents.add(call.agent().id());
            return chain.retry(1).onErrorResume(error -> {
                call.markDegraded("stand-in", error);
                return Mono.just((O) Decision.answer("stand-in"));
            });
        }

        @Override
        public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
            attempts.add(context.attempt());
            return attempt;
        }
    }

    @Test
    void interceptor_retriesAndStandsIn_degradedIsAnAnswer() {
        Resilient resilient = new Resilient();
        Queue<String> keys = new ConcurrentLinkedQueue<>();
        Agent<Turn, Decision> worker = Agent.of("anything", (turn, context) -> {
            keys.add(context.idempotencyKey() + "@" + context.attempt());
            return Integer.valueOf(0).equals(turn.input())
                    ? Mono.error(new IllegalStateException("boom"))
                    : Mono.just(Decision.answer(turn.input()));
        });
        Run<String> run = crew(forking(2), worker)
                .engine(engine().interceptor(resilient).build())
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("stand-in,1");
        assertThat(ended(run).steps()).as("attempts do not count").isEqualTo(4);
        assertThat(resilient.attempts).containsExactly(1, 1, 2, 1, 1);
        assertThat(resilient.agents)
                .as("by their names in the topology")
                .extracting(AgentId::kind)
                .containsExactly("Lead", "Worker", "Worker", "Lead");
        String first = run.runId() + "/0.0/#0@";
        assertThat(keys).containsExactly(first + 1, first + 2, run.runId() + "/0.1/#0@1");
    }

    @Test
    void failedStep_ofARun_isHeardOfAndLoggedOnce() {
        Logger logger = (Logger) LoggerFactory.getLogger(StepEngine.class);
        Level before = logger.getLevel();
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.list = new CopyOnWriteArrayList<>();
        appender.start();
        logger.setLevel(Level.WARN);
        logger.addAppender(appender);
        try {
            StepEngine engine = engine().build();
            AtomicReference<Run<String>> run = new AtomicReference<>();
            Queue<String> heard = new ConcurrentLinkedQueue<>();
            StepVerifier.create(engine.failures().take(1))
                    .then(() -> run.set(crew(
                                    forking(2),
                                    stepping(
                                            "Worker",
                                            turn -> Integer.valueOf(1).equals(turn.input())
                                                    ? Mono.error(new IllegalStateException("boom"))
                                                    : Mono.just(Decision.answer("x"))))
                            .engine(engine)
                            .build()
                            .start("task")))
                    .assertNext(failure -> {
                        heard.add(failure.stepId());
                        assertThat(failure.cause()).hasMessage("boom");
                    })
                    .verifyComplete();

            assertThat(heard).containsExactly(run.get().runId() + "/0.1/#0");

            assertThat(ended(run.get()).failure()).isInstanceOf(JoinShortfallException.class);
            assertThat(appender.list) // a body that keeps its thread may still time out in the run of another test
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .filteredOn(line -> line.contains(run.get().runId()))
                    .singleElement()
                    .asString()
                    .contains("agent=Worker", "step=" + run.get().runId() + "/0.1/#0", "kind=FAILED", "boom");
        } finally {
            logger.detachAppender(appender);
            logger.setLevel(before);
        }
    }

    // --- concurrency

    private static final class InFlight {
        private final AtomicInteger now = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();

        <T> Mono<T> counted(Mono<T> step) {
            return Mono.defer(() -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                return step.doOnTerminate(now::decrementAndGet).doOnCancel(now::decrementAndGet);
            });
        }
    }

    /** Steps that end when as many are in flight as there can be, and then one after the other. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 50, 51})
    void concurrency_ofTheEngine_boundsTheStepsInFlight(int concurrency) {
        int steps = 50;
        InFlight inFlight = new InFlight();
        Queue<Sinks.One<Decision>> open = new ConcurrentLinkedQueue<>();
        Agent<Turn, Decision> worker = stepping("Worker", turn -> {
            Sinks.One<Decision> end = Sinks.one();
            return inFlight.counted(end.asMono().doOnSubscribe(any -> open.add(end)));
        });
        Run<String> run = crew(forking(steps), worker)
                .engine(engine().concurrency(concurrency).build())
                .build()
                .start("task");

        assertThat(open).as("all that may start do so at once").hasSize(Math.min(concurrency, steps));
        for (int ended = 0; ended < steps; ended++) {
            open.remove().tryEmitValue(Decision.answer("done"));
        }
        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(inFlight.most).hasValue(Math.min(concurrency, steps));
    }

    @Test
    void concurrency_engineGoesOneByOne_oneStepInFlight() {
        InFlight inFlight = new InFlight();
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> inFlight.counted(Mono.delay(Duration.ofMillis(2)).thenReturn(Decision.answer(turn.input()))));

        Run<String> run = crew(forking(10), worker)
                .engine(engine().order(Order.SEQUENTIAL).build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(inFlight.most).hasValue(1);
    }

    private static final Topology NESTING = Topology.parse("""
            start -> A
            A <-> B
            B <-> C
            C <-> D
            A -> end
            """);

    @Test
    void concurrency_ofOneWithNestedForks_endsAndWaitingBranchesHoldNoPlace() {
        InFlight inFlight = new InFlight();
        Workflow.Builder<String> builder = Workflow.builder(NESTING, String.class);
        for (String name : List.of("A", "B", "C", "D")) {
            String next = Map.of("A", "B", "B", "C", "C", "D", "D", "").get(name);
            builder.agent(
                    name,
                    stepping(
                            name,
                            turn -> inFlight.counted(Mono.delay(Duration.ofMillis(1))
                                    .map(any -> next.isEmpty()
                                            ? Decision.answer("d")
                                            : turn.reason() == Turn.Reason.JOINED
                                                    ? Decision.answer(joined(turn))
                                                    : Decision.fanOut(invocations(next, 3))))));
        }

        Run<String> run =
                builder.engine(engine().concurrency(1).build()).build().start("task");

        assertThat(ended(run).answer()).hasSize(27 * 2 - 1);
        assertThat(ended(run).steps()).isEqualTo(2 * (1 + 3 + 9) + 27);
        assertThat(inFlight.most).hasValue(1);
    }

    @Test
    void fork_ofTenThousandAtOnce_joins() {
        InFlight inFlight = new InFlight();
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> inFlight.counted(Mono.delay(Duration.ofMillis(10)).thenReturn(Decision.answer(turn.input()))));

        Run<String> run = crew(forking(10_000), worker)
                .engine(engine().concurrency(Integer.MAX_VALUE).build())
                .build()
                .start("task");

        assertThat(ended(run).answer()).startsWith("0,1,2,3").endsWith(",9998,9999");
        assertThat(inFlight.now).hasValue(0);
    }

    // --- context

    private static Agent<Turn, Decision> readingItsContext() {
        return stepping(
                "Worker",
                turn -> Mono.deferContextual(
                        context -> Mono.delay(Duration.ofMillis(1)).thenReturn(Decision.answer(context.get("key")))));
    }

    @Test
    void run_contextOfTheSubscriber_reachesEveryStep() {
        Agent<Turn, Decision> lead = stepping(
                "Lead",
                turn -> Mono.deferContextual(context -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.answer(context.get("key") + ":" + joined(turn))
                                : Decision.fanOut(invocations("Worker", 3)))));

        RunResult<String> result = crew(lead, readingItsContext())
                .build()
                .run("task")
                .contextWrite(Context.of("key", "v"))
                .block(SOON);

        assertThat(result.answer()).isEqualTo("v:v,v,v");
    }

    @Test
    void start_withAContext_reachesEveryStep() {
        Run<String> run = crew(forking(2), readingItsContext()).build().start("task", Context.of("key", "v"));

        assertThat(ended(run).answer()).isEqualTo("v,v");
    }

    @Test
    void stepContext_ofARun_hasItsDeadlineAndDelegation() {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Agent<Turn, Decision> worker = Agent.of("w", (turn, context) -> {
            seen.add(context.agentId() + " " + context.delegationPath() + " " + context.branchPath() + " "
                    + context.deadline());
            return Mono.just(Decision.answer("x"));
        });
        Clock clock = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneId.of("UTC"));

        Run<String> run = crew(forking(1), worker)
                .limits(Limits.time(Duration.ofSeconds(10)))
                .engine(engine().clock(clock).build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(ended(run).startedAt()).isEqualTo(clock.instant());
        assertThat(seen).containsExactly("Worker [Lead] /0.0/ 2026-01-01T00:00:10Z");
    }

    // --- runs beside each other

    @Test
    void runs_ofOneWorkflowAtOnce_doNotTouchEachOther() {
        Agent<Turn, Decision> lead = deciding(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Decision.answer(turn.input() + ":" + joined(turn))
                        : Decision.fanOut(
                                Invocation.of("Worker", turn.input()), Invocation.of("Worker", turn.input())));
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> "cancelled".equals(turn.input())
                        ? Mono.never()
                        : Mono.delay(Duration.ofMillis(20)).thenReturn(Decision.answer(turn.input())));
        Workflow<String, String> flow = crew(lead, worker).build();

        Run<String> one = flow.start("one");
        Run<String> cancelled = flow.start("cancelled");
        Run<String> two = flow.start("two");
        cancelled.cancel();
        one.pause();

        assertThat(ended(two).answer()).isEqualTo("two:two,two");
        one.resume();
        assertThat(ended(one).answer()).isEqualTo("one:one,one");
        assertThat(statusOf(cancelled)).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(Stream.of(one, two, cancelled).map(Run::runId)).doesNotHaveDuplicates();
    }

    // --- clocks and timers that throw

    /** Does what a timer does, until it is told to throw. */
    private static final class Breaking implements Scheduler {

        private final Scheduler timer = Schedulers.newSingle("timer", true);
        private final AtomicBoolean noTime = new AtomicBoolean();
        private final AtomicBoolean noTimers = new AtomicBoolean();
        private final AtomicBoolean noWorker = new AtomicBoolean();
        private final AtomicBoolean noDispose = new AtomicBoolean();

        @Override
        public long now(TimeUnit unit) {
            if (noTime.get()) {
                throw new IllegalStateException("no time");
            }
            return timer.now(unit);
        }

        @Override
        public Disposable schedule(Runnable task) {
            if (noWorker.get()) {
                throw new RejectedExecutionException("no worker");
            }
            return timer.schedule(task);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            if (noTimers.get()) {
                throw new IllegalStateException("no timer");
            }
            Disposable scheduled = timer.schedule(task, delay, unit);
            return () -> {
                scheduled.dispose();
                if (noDispose.get()) {
                    throw new IllegalStateException("no dispose");
                }
            };
        }

        @Override
        public Worker createWorker() {
            return timer.createWorker();
        }
    }

    private final Breaking breaking = new Breaking();

    private StepEngine.Builder breakingEngine() {
        return engine().timeoutScheduler(() -> breaking);
    }

    @Test
    void start_clockThrows_isThrownAndSignalled() {
        breaking.noTime.set(true);
        Workflow<String, String> flow = alone(deciding("Solo", turn -> Decision.answer("x")))
                .engine(breakingEngine().build())
                .build();

        assertThatThrownBy(() -> flow.start("task")).hasMessage("no time");
        StepVerifier.create(flow.run("task")).verifyErrorMessage("no time");
    }

    @Test
    void clock_throwsDuringTheRun_runEndsWithTheReason() {
        Agent<Turn, Decision> worker = deciding("Worker", turn -> {
            breaking.noTime.set(true);
            return Decision.answer("x");
        });
        Run<String> run = crew(forking(2), worker)
                .engine(breakingEngine().build())
                .build()
                .start("task");

        assertThat(ended(run).failure()).hasMessageContaining("no time");
    }

    @Test
    void timeoutScheduler_cannotBeHadForADeadline_deadlineHasPassed() {
        breaking.noTimers.set(true);
        Run<String> run = crew(forking(2), SILENT)
                .joinAt("Lead", Join.all().within(Duration.ofSeconds(1)))
                .engine(breakingEngine().noStepTimeout().build())
                .build()
                .start("task");

        assertThat(ended(run).failure()).isInstanceOf(JoinShortfallException.class);
    }

    @Test
    void worker_cannotBeHadForADeadline_deadlineIsKept() {
        breaking.noWorker.set(true);
        Run<String> run = crew(forking(2), SILENT)
                .limits(Limits.time(Duration.ofMillis(50)))
                .engine(breakingEngine().noStepTimeout().build())
                .build()
                .start("task");

        assertThat(ended(run).failure()).isInstanceOf(LimitExceededException.class);
    }

    @Test
    void timeoutScheduler_throwsWhenItIsDisposedOf_runEndsAllTheSame() {
        breaking.noDispose.set(true);
        AtomicInteger cancels = new AtomicInteger();
        Sinks.One<Decision> answer = Sinks.one();
        Agent<Turn, Decision> worker = stepping(
                "Worker",
                turn -> Integer.valueOf(0).equals(turn.input())
                        ? answer.asMono()
                        : Mono.<Decision>never().doOnCancel(cancels::incrementAndGet));
        Workflow.Builder<String> builder = crew(forking(3), worker)
                .join(Join.firstSuccess().within(Duration.ofSeconds(30)))
                .joinAt("end", Join.all().within(Duration.ofSeconds(40)))
                .limits(Limits.time(Duration.ofSeconds(50)))
                .engine(breakingEngine().build());
        Run<String> answered = builder.build().start("task");
        answer.tryEmitValue(Decision.answer("x"));
        Run<String> cancelled = builder.joinAt("Lead", Join.all()).build().start("task");

        cancelled.cancel();

        assertThat(ended(answered).answer()).isEqualTo("x");
        assertThat(statusOf(cancelled)).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(cancels).hasValue(4);
    }

    @Test
    void deadline_ofCenturiesInVirtualTime_doesNotFireEarly() {
        UndisturbedTime.begin();
        try {
            VirtualTimeScheduler.get().advanceTimeBy(Duration.ofDays(1));
            UndisturbedTime.verifier(() -> crew(forking(2), SILENT)
                            .limits(Limits.time(Duration.ofNanos(Long.MAX_VALUE)))
                            .engine(engine().noStepTimeout().build())
                            .build()
                            .run("task"))
                    .expectSubscription()
                    .expectNoEvent(Duration.ofDays(30))
                    .thenCancel()
                    .verify();
        } finally {
            VirtualTimeScheduler.reset();
        }
    }

    // --- nothing is left

    private static Stream<Supplier<Agent<Turn, Decision>>> endings() {
        return Stream.of(
                () -> deciding("Worker", turn -> Decision.answer("x")),
                () -> stepping(
                        "Worker", turn -> Mono.delay(Duration.ofMillis(5)).thenReturn(Decision.answer("x"))),
                () -> stepping("Worker", turn -> Mono.error(new IllegalStateException("boom"))),
                () -> deciding("Worker", turn -> Decision.handOff("nowhere", null)),
                () -> SILENT);
    }

    @ParameterizedTest
    @MethodSource("endings")
    void timers_afterTheEnd_noneIsLeft(Supplier<Agent<Turn, Decision>> worker) {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("timer", true));
        Run<String> run = crew(forking(5), worker.get())
                .join(Join.ratio(0.5).within(Duration.ofMillis(200)))
                .joinAt("end", Join.all().within(Duration.ofSeconds(40)))
                .limits(Limits.time(Duration.ofSeconds(50)))
                .engine(engine().timeoutScheduler(() -> timer).build())
                .build()
                .start("task");

        assertThat(ended(run)).isNotNull();
        assertThat(timer.armed).hasPositiveValue();
        assertThat(timer.open).hasValue(0);
    }

    @Test
    void timers_ofQuestions_noneIsLeft() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("timer", true));
        Workflow<String, String> flow = alone(deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer(turn.answer(String.class))
                                : Decision.ask(Question.of("which?").timeout(Duration.ofSeconds(60)))))
                .engine(engine().timeoutScheduler(() -> timer).build())
                .build();
        Run<String> answered = flow.start("task");
        Run<String> cancelled = flow.start("task");
        assertThat(timer.open).hasValue(2);

        answered.answer(answered.questions().get(0).id(), "x").subscribe();
        cancelled.cancel();

        assertThat(ended(answered).answer()).isEqualTo("x");
        assertThat(cancelled.questions()).isEmpty();
        assertThat(timer.open).hasValue(0);
    }

    @Test
    void run_thatEndsAtOnce_armsNoTimer() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("timer", true));

        Run<String> run = crew(forking(100), deciding("Worker", turn -> Decision.answer("x")))
                .engine(engine().timeoutScheduler(() -> timer).build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(timer.armed).hasValue(0);
    }

    @Test
    void threads_afterManyRuns_areNotMore() {
        Workflow<String, String> flow = crew(
                        forking(20),
                        stepping(
                                "Worker",
                                turn -> Mono.delay(Duration.ofMillis(1)).thenReturn(Decision.answer("x"))))
                .limits(Limits.time(Duration.ofSeconds(30)))
                .build();
        ended(flow.start("task"));
        int before = Thread.activeCount();
        List<Run<String>> runs = new ArrayList<>();
        for (int at = 0; at < 200; at++) {
            runs.add(flow.start("task"));
        }

        runs.forEach(run -> assertThat(ended(run).isSucceeded()).isTrue());
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(before + 5);
    }

    @Test
    void stepKind_ofEachFailure_isKept() {
        Run<String> run = alone(stepping("Solo", turn -> Mono.error(new java.util.concurrent.CancellationException())))
                .build()
                .start("task");

        assertThat(ended(run).failure())
                .isInstanceOfSatisfying(
                        AgentFailedException.class,
                        failed -> assertThat(failed.stepKind()).isEqualTo(StepResult.Kind.CANCELLED));
    }
}
