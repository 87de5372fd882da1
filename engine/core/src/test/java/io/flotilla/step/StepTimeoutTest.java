package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.function.Tuples;

/** A step that takes too long is ended at its limit, wherever it hangs. */
@Timeout(30)
@ExtendWith(NothingDropped.class)
class StepTimeoutTest {

    private static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));

    @BeforeAll
    static void failInsteadOfHanging() {
        StepVerifier.setDefaultTimeout(Duration.ofSeconds(5));
    }

    @Test
    void stream_stepNeverEnds_timesOutAtTheLimitAndCancelsTheBody() {
        AtomicBoolean cancelled = new AtomicBoolean();
        Agent<String, String> silent =
                Agent.of("silent", (input, context) -> Mono.<String>never().doOnCancel(() -> cancelled.set(true)));

        UndisturbedTime.verifier(() -> StepEngine.builder().stepTimeout(Duration.ofSeconds(30)).build().stream(
                        List.of(silent, WORKER), "go"))
                .expectSubscription()
                .assertNext(result -> assertThat(result.agentId()).isEqualTo(WORKER.id()))
                .expectNoEvent(Duration.ofSeconds(30))
                .assertNext(result -> {
                    assertThat(result).isInstanceOf(StepResult.TimedOut.class);
                    assertThat(result.agentId()).isEqualTo(silent.id());
                    assertThat(result.duration()).isEqualTo(Duration.ofSeconds(30));
                    assertThat(((StepResult.TimedOut<String>) result).limit()).isEqualTo(Duration.ofSeconds(30));
                    assertThat(cancelled).isTrue();
                })
                .verifyComplete();
    }

    @Test
    void stream_stepsStartedAtDifferentTimes_eachTimesOutAtItsOwnLimit() {
        Agent<Long, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        UndisturbedTime.verifier(() -> StepEngine.builder().stepTimeout(Duration.ofSeconds(10)).build().stream(
                        Flux.interval(Duration.ofSeconds(3)).take(3).map(tick -> Tuples.of(silent, tick))))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(13))
                .assertNext(result -> assertThat(result.index()).isZero())
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.index()).isEqualTo(1))
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.index()).isEqualTo(2))
                .verifyComplete();
    }

    @Test
    void stream_bodyEmitsAfterCancel_isIgnored() {
        TestPublisher<String> late = TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
        Agent<String, String> agent = Agent.of("late", (input, context) -> late.mono());

        UndisturbedTime.verifier(() ->
                        StepEngine.builder().stepTimeout(Duration.ofSeconds(3)).build().stream(List.of(agent), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
        late.emit("too late");
    }

    @Test
    void run_bodyBlocksTheStartingThreadForEver_roundEndsAndTheOthersAreThere() {
        int openBefore = StallWatch.watched();
        CountDownLatch never = new CountDownLatch(1);
        Agent<String, String> blocker = Agent.of("blocker", (input, context) -> {
            awaitUninterruptibly(never);
            return Mono.just("late");
        });
        List<Agent<String, String>> agents = List.of(WORKER, blocker, WORKER, blocker, WORKER);

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(100))
                .build()
                .run(agents, "go")
                .subscribeOn(Schedulers.boundedElastic())
                .block(Duration.ofSeconds(10));
        never.countDown();

        assertThat(report.values()).containsExactly("done", "done", "done");
        assertThat(report.resultsOf(blocker.id()))
                .hasSize(2)
                .allSatisfy(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT));
        assertThat(StallWatch.watched()).isLessThanOrEqualTo(openBefore);
    }

    @Test
    void run_everyBodyBlocksTheStartingThreadForEver_everyStepTimesOut() {
        CountDownLatch never = new CountDownLatch(1);
        Agent<String, String> blocker = Agent.of("blocker", (input, context) -> {
            try {
                never.await();
            } catch (InterruptedException freed) {
                Thread.currentThread().interrupt();
            }
            return Mono.just("late");
        });

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(20))
                .build()
                .run(Collections.nCopies(30, blocker), "go")
                .subscribeOn(Schedulers.newSingle("subscriber", true))
                .block(Duration.ofSeconds(20));
        never.countDown();

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(30);
    }

    @Test
    void run_bodyBlocksWhenSubscribedTo_timesOutAndTheOthersAreThere() {
        CountDownLatch never = new CountDownLatch(1);
        Agent<String, String> blocker =
                Agent.of("blocker", (input, context) -> Mono.fromRunnable(() -> awaitUninterruptibly(never)));

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(50))
                .build()
                .run(List.of(WORKER, blocker, WORKER), "go")
                .subscribeOn(Schedulers.newSingle("subscriber", true))
                .block(Duration.ofSeconds(10));
        never.countDown();

        assertThat(report.values()).hasSize(2);
        assertThat(report.failures()).singleElement().isInstanceOf(StepResult.TimedOut.class);
    }

    @Test
    void run_bodiesBlockEveryThreadOfReactorsPools_theirTimeoutsFireAllTheSame() {
        CountDownLatch never = new CountDownLatch(1);
        int bodies = 4 * Schedulers.DEFAULT_POOL_SIZE;
        Agent<String, String> onParallel = Agent.of(
                "parallel",
                (input, context) -> Mono.<String>fromRunnable(() -> awaitUninterruptibly(never))
                        .subscribeOn(Schedulers.parallel()));
        Agent<String, String> onElastic = Agent.of(
                "elastic",
                (input, context) -> Mono.<String>fromRunnable(() -> awaitUninterruptibly(never))
                        .subscribeOn(Schedulers.boundedElastic()));
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(bodies, onParallel));
        agents.addAll(Collections.nCopies(Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE + 5, onElastic));
        agents.add(WORKER);

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(100))
                .build()
                .run(agents, "go")
                .block(Duration.ofSeconds(10));
        never.countDown();

        assertThat(report.values()).containsExactly("done");
        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(agents.size() - 1);
    }

    @Test
    void run_cancelledWhileABodyBlocks_startsNoMore() throws InterruptedException {
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicInteger started = new AtomicInteger();
        Agent<String, String> blocker = Agent.of("blocker", (input, context) -> {
            started.incrementAndGet();
            blocked.countDown();
            awaitUninterruptibly(never);
            return Mono.just("late");
        });
        CountDownLatch returned = new CountDownLatch(1);
        BaseSubscriber<StepReport<String>> subscriber = new BaseSubscriber<>() {};
        Thread subscribing = new Thread(() -> {
            StepEngine.builder().build().run(List.of(blocker, blocker), "go").subscribe(subscriber);
            returned.countDown();
        });
        subscribing.start();

        blocked.await();
        subscriber.cancel();
        never.countDown();
        returned.await();

        assertThat(started).hasValue(1);
    }

    @Test
    void stream_concurrencyTooSmallForABarrier_timesOutAndTheMessageSaysHowManyWaited() {
        Agent<String, String> party = Agent.of("party", (input, context) -> Mono.never());

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .concurrency(2)
                        .stepTimeout(Duration.ofSeconds(1))
                        .build()
                        .run(Collections.nCopies(5, party), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(3))
                .assertNext(report -> assertThat(report.results().get(0).cause())
                        .hasMessage("agent party passed the step timeout of PT1S; 3 steps of the round had not been"
                                + " started yet, concurrency is 2"))
                .verifyComplete();
    }

    // --- timers

    @Test
    void run_stepsThatEndAtOnce_armNoTimer() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("counted", true));

        StepEngine.builder()
                .timeoutScheduler(() -> timer)
                .build()
                .run(Collections.nCopies(100, WORKER), "go")
                .block();

        assertThat(timer.armed).hasValue(0);
    }

    @Test
    void run_asynchronousSteps_shareOneTimerWhichIsGoneAtTheEnd() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("counted", true));
        Agent<String, String> async =
                Agent.of("async", (input, context) -> Mono.just("x").publishOn(Schedulers.parallel()));

        StepEngine.builder()
                .timeoutScheduler(() -> timer)
                .build()
                .run(Collections.nCopies(1_000, async), "go")
                .block();

        assertThat(timer.armed).hasValueBetween(0, 1);
        assertThat(timer.open).hasValue(0);
    }

    @Test
    void stream_cancelled_disposesOfItsTimer() {
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("counted", true));
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepEngine.builder().timeoutScheduler(() -> timer).build().stream(List.of(silent), "go")
                .subscribe()
                .dispose();

        assertThat(timer.armed).hasValue(1);
        assertThat(timer.open).hasValue(0);
    }

    @Test
    void stream_timerIsDisposedOf_stepsThatWouldNeedItFailWithTheReason() {
        Scheduler dead = Schedulers.newSingle("dead", true);
        dead.dispose();
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepReport<String> report = StepEngine.builder()
                .timeoutScheduler(() -> dead)
                .build()
                .run(List.of(silent, WORKER), "go")
                .block();

        assertThat(report.values()).containsExactly("done");
        assertThat(report.failures())
                .singleElement()
                .satisfies(result -> assertThat(result.cause()).isInstanceOf(RejectedExecutionException.class));
    }

    @Test
    void stream_userCodeAfterATimeout_doesNotRunOnTheTimersThread() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        StepVerifier.create(
                        StepEngine.builder().stepTimeout(Duration.ofMillis(20)).build().stream(List.of(silent), "go")
                                .map(result -> Thread.currentThread().getName()))
                .assertNext(thread -> assertThat(thread).startsWith("flotilla-worker"))
                .verifyComplete();
    }

    @Test
    void run_noStepTimeout_aStepMayTakeForEver() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());

        UndisturbedTime.verifier(
                        () -> StepEngine.builder().noStepTimeout().build().run(List.of(silent), "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofDays(365))
                .thenCancel()
                .verify();
    }

    @Test
    void shared_virtualTimeOnAndOffAgain_theOldSchedulersAreBack() {
        EngineSchedulers before = EngineSchedulers.shared();
        UndisturbedTime.begin();
        EngineSchedulers inside = EngineSchedulers.shared();
        VirtualTimeScheduler.reset();

        assertThat(inside.timer()).isNotSameAs(before.timer());
        assertThat(EngineSchedulers.shared()).isSameAs(before);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
