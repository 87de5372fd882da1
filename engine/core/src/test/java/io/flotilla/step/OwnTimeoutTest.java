package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Step timeouts of an agent's own: whose counts, and what is wrong with one. */
@Timeout(30)
@ExtendWith(NothingDropped.class)
class OwnTimeoutTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private static StepEngine.Builder engine() {
        return StepEngine.builder().stepTimeout(Duration.ofSeconds(10));
    }

    private static Agent<String, String> silent(String id) {
        return Agent.of(id, (input, context) -> Mono.never());
    }

    @Nested
    class InVirtualTime {

        private VirtualTimeScheduler time = VirtualTimeScheduler.create();
        private Disposable round = Disposables.disposed();

        @BeforeEach
        void virtual() {
            time = UndisturbedTime.begin();
        }

        @AfterEach
        void real() {
            VirtualTimeScheduler.reset();
        }

        private List<StepResult<String>> start(StepEngine engine, String... ids) {
            List<StepResult<String>> results = new CopyOnWriteArrayList<>();
            round = engine.stream(
                            List.of(ids).stream().map(OwnTimeoutTest::silent).toList(), "go")
                    .subscribe(results::add);
            return results;
        }

        @Test
        void stepTimeoutForKind_idleTimeoutIsTheDefault_itsStepsMayBeSilentAsLong() {
            Duration minutes = Duration.ofMinutes(5);
            StepEngine.Builder builder = StepEngine.builder().stepTimeoutForKind("slow", minutes);
            List<StepResult<String>> results = start(builder.build(), "slow", "other");
            List<StepResult<String>> asked =
                    start(builder.idleTimeout(Duration.ofSeconds(2)).build(), "slow", "other");
            time.advanceTimeBy(minutes);

            assertThat(results)
                    .extracting(result -> result.agentId() + " " + result.duration())
                    .containsExactly("other PT1M", "slow PT5M");
            assertThat(asked).extracting(StepResult::duration).containsOnly(Duration.ofSeconds(2));
        }

        @Test
        void stepTimeoutFor_agentKindFunctionAndOthers_firstThatSaysSomethingCounts() {
            StepEngine engine = engine().stepTimeoutFor(AgentId.of("reader#1"), SECOND)
                    .stepTimeoutForKind("reader", SECOND.multipliedBy(2))
                    .stepTimeoutBy(id -> id.kind().equals("other") ? null : SECOND.multipliedBy(3))
                    .build();

            List<StepResult<String>> results = start(engine, "other", "writer", "reader#2", "reader#1");
            time.advanceTimeBy(Duration.ofSeconds(10));

            assertThat(results)
                    .extracting(result -> result.agentId() + " " + result.duration())
                    .containsExactly("reader#1 PT1S", "reader#2 PT2S", "writer PT3S", "other PT10S");
            assertThat(results).allSatisfy(result -> {
                assertThat(((StepResult.TimedOut<String>) result).limit()).isEqualTo(result.duration());
                assertThat(result.cause())
                        .hasMessage("agent " + result.agentId() + " passed the step timeout of " + result.duration());
            });
        }

        @Test
        void stepTimeoutFor_shorterThanThatOfAStepInFlight_timerIsArmedAnew() {
            StepEngine engine = engine().stepTimeoutForKind("quick", SECOND).build();

            List<StepResult<String>> results = start(engine, "slow", "quick");
            time.advanceTimeBy(SECOND.minusMillis(1));
            assertThat(results).isEmpty();
            time.advanceTimeBy(Duration.ofMillis(1));

            assertThat(results).extracting(result -> result.agentId().kind()).containsExactly("quick");
            time.advanceTimeBy(Duration.ofSeconds(9));
            assertThat(results).hasSize(2);
        }

        @Test
        void stepTimeoutFor_noLimitForTheOthers_theyRunOn() {
            StepEngine engine =
                    engine().noStepTimeout().stepTimeoutForKind("quick", SECOND).build();

            List<StepResult<String>> results = start(engine, "slow", "quick");
            time.advanceTimeBy(Duration.ofDays(400));

            assertThat(results).extracting(result -> result.agentId().kind()).containsExactly("quick");
            round.dispose();
        }

        @Test
        void stepTimeoutFor_deadlineOfTheContext_isTheStepsOwn() {
            List<Instant> deadlines = new CopyOnWriteArrayList<>();
            Instant now = Instant.ofEpochMilli(time.now(TimeUnit.MILLISECONDS));
            Agent<String, String> noting = Agent.of("quick", (input, context) -> {
                deadlines.add(context.deadline());
                return context.attempt() < 2 ? Mono.error(new IllegalStateException()) : Mono.just("done");
            });
            StepEngine engine = engine().stepTimeoutForKind("quick", SECOND)
                    .interceptor(StepInterceptor.ofStep(steps -> steps.retry(1)))
                    .build();

            engine.step(noting, "go").subscribe();

            assertThat(deadlines).containsExactly(now.plus(SECOND), now.plus(SECOND));
        }

        @Test
        void stepTimeoutFor_singleStep_isItsOwn() {
            List<StepResult<String>> results = new ArrayList<>();
            engine().stepTimeoutForKind("quick", SECOND)
                    .build()
                    .<String, String>step(silent("quick"), "go")
                    .subscribe(results::add);
            time.advanceTimeBy(SECOND);

            assertThat(results).singleElement().isInstanceOf(StepResult.TimedOut.class);
        }

        @Test
        void stepTimeoutBy_aHundredThousandInFlight_eachEndsAtItsOwnTimeAndNoneIsLookedAtForAnother() {
            int steps = 100_000;
            StepEngine engine = engine().concurrency(steps)
                    .stepTimeoutBy(
                            id -> SECOND.multipliedBy(60).plusNanos(1 + Long.parseLong(id.instance()) * 7_919 % steps))
                    .build();
            List<Duration> ended = new ArrayList<>();

            engine.stream(
                            IntStream.range(0, steps)
                                    .mapToObj(at -> silent("a#" + at))
                                    .toList(),
                            "go")
                    .subscribe(result -> ended.add(result.duration()));
            time.advanceTimeBy(SECOND.multipliedBy(60).plusNanos(steps));

            assertThat(ended).hasSize(steps).isSorted();
            assertThat(ended.get(steps - 1)).isEqualTo(SECOND.multipliedBy(60).plusNanos(steps));
        }

        @Test
        void stepTimeoutBy_throwsOrIsOutOfBounds_thatStepHasFailedAndItsAgentIsNotCalled() {
            List<String> called = new CopyOnWriteArrayList<>();
            StepEngine engine = engine().stepTimeoutBy(id -> switch (id.kind()) {
                        case "throws" -> throw new LinkageError("in the function");
                        case "zero" -> Duration.ZERO;
                        case "negative" -> Duration.ofNanos(-1);
                        case "long" -> Duration.ofDays(200_000);
                        default -> null;
                    })
                    .build();
            List<Agent<String, String>> agents = List.of("throws", "zero", "negative", "long", "fine").stream()
                    .map(id -> Agent.<String, String>of(id, (input, context) -> {
                        called.add(id);
                        return Mono.just(id);
                    }))
                    .toList();

            StepReport<String> report = engine.run(agents, "go").block();

            assertThat(called).containsExactly("fine");
            assertThat(report.values()).containsExactly("fine");
            assertThat(report.failures()).allSatisfy(failure -> {
                assertThat(failure.kind()).isEqualTo(StepResult.Kind.FAILED);
                assertThat(failure.attempts()).isZero();
            });
            assertThat(report.failures())
                    .extracting(failure -> failure.cause().getMessage())
                    .containsExactly(
                            "in the function",
                            "agent zero: stepTimeout must be > 0, was PT0S",
                            "agent negative: stepTimeout must be > 0, was PT-0.000000001S",
                            "agent long: stepTimeout must be <= 292 years, was PT4800000H");
        }
    }

    @Test
    void stepTimeoutBy_blocks_theStepIsTimedOutAndTheOthersGoOn() throws InterruptedException {
        CountDownLatch free = new CountDownLatch(1);
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(100))
                .stepTimeoutBy(id -> {
                    if (id.kind().equals("blocks")) {
                        awaitFree(free);
                    }
                    return null;
                })
                .build();
        CountDownLatch done = new CountDownLatch(2);
        List<String> kinds = new CopyOnWriteArrayList<>();

        Thread subscriber =
                new Thread(() -> engine.stream(List.of(silent("blocks"), TestAgents.answering("fine")), "go")
                        .subscribe(result -> {
                            kinds.add(result.agentId() + " " + result.kind());
                            done.countDown();
                        }));
        subscriber.start();
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        free.countDown();
        subscriber.join(10_000);

        assertThat(kinds).containsExactlyInAnyOrder("blocks TIMED_OUT", "fine SUCCEEDED");
    }

    private static void awaitFree(CountDownLatch free) {
        try {
            free.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void stepTimeoutFor_bodyBlocksItsThread_isFoundAtItsOwnTimeout() throws InterruptedException {
        CountDownLatch free = new CountDownLatch(1);
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofMinutes(1))
                .stepTimeoutForKind("blocks", Duration.ofMillis(50))
                .build();
        Agent<String, String> blocks = Agent.of("blocks", (input, context) -> {
            awaitFree(free);
            return Mono.never();
        });
        CountDownLatch done = new CountDownLatch(1);
        List<StepResult<String>> results = new CopyOnWriteArrayList<>();

        Thread subscriber =
                new Thread(() -> engine.<String, String>step(blocks, "go").subscribe(result -> {
                    results.add(result);
                    done.countDown();
                }));
        subscriber.start();
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        free.countDown();
        subscriber.join(10_000);

        assertThat(results)
                .singleElement()
                .isInstanceOfSatisfying(
                        StepResult.TimedOut.class,
                        timedOut -> assertThat(timedOut.limit()).isEqualTo(Duration.ofMillis(50)));
    }

    @Test
    void builder_badArguments_areRefusedAtOnce() {
        StepEngine.Builder builder = StepEngine.builder();
        AgentId agent = AgentId.of("a#1");

        assertThatNullPointerException().isThrownBy(() -> builder.stepTimeoutFor(null, SECOND));
        assertThatNullPointerException().isThrownBy(() -> builder.stepTimeoutFor(agent, null));
        assertThatNullPointerException().isThrownBy(() -> builder.stepTimeoutForKind(null, SECOND));
        assertThatNullPointerException().isThrownBy(() -> builder.stepTimeoutForKind("a", null));
        assertThatNullPointerException().isThrownBy(() -> builder.stepTimeoutBy(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.stepTimeoutFor(agent, Duration.ZERO))
                .withMessage("stepTimeout must be > 0, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.stepTimeoutForKind("a", Duration.ofSeconds(-1)))
                .withMessage("stepTimeout must be > 0, was PT-1S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.stepTimeoutFor(agent, Duration.ofDays(200_000)))
                .withMessage("stepTimeout must be <= 292 years, was PT4800000H");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.stepTimeoutForKind("a#1", SECOND))
                .withMessageContaining("kind must not contain '#'");
    }

    @Test
    void toBuilder_andABuilderUsedAgain_keepTheirOwnTimeouts() {
        StepEngine.Builder builder = engine().stepTimeoutForKind("quick", Duration.ofMillis(1));
        StepEngine first = builder.build();
        builder.stepTimeoutForKind("quick", Duration.ofDays(1));

        for (StepEngine engine : List.of(first, first.toBuilder().build(), first.withOrder(Order.SEQUENTIAL))) {
            assertThat(engine.<String, String>step(silent("quick"), "go").block())
                    .isInstanceOf(StepResult.TimedOut.class);
        }
    }
}
