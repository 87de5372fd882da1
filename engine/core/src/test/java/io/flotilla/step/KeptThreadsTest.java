package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
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
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.function.Tuples;

/** The user's code keeps a thread of the library, or throws where nobody expects it: the round goes on all the same. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class KeptThreadsTest {

    private static final Agent<String, String> WORKER = Agent.of("worker", (input, context) -> Mono.just("done"));
    private static final Agent<String, String> SILENT = Agent.of("silent", (input, context) -> Mono.never());
    private static final Duration LIMIT = Duration.ofMillis(80);

    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void release() {
        never.countDown();
    }

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

    private Agent<String, String> keepsItsCanceller() {
        return Agent.of("keeping", (input, context) -> Mono.<String>never().doOnCancel(this::keep));
    }

    private static StepReport<String> run(StepEngine engine, List<Agent<String, String>> agents) {
        return engine.run(agents, "go").block(Duration.ofSeconds(20));
    }

    @Test
    void run_bodiesKeepTheThreadThatCancelsThem_everyStepTimesOut() {
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(5, keepsItsCanceller()));
        agents.addAll(Collections.nCopies(50, SILENT));
        agents.add(WORKER);

        StepReport<String> report = run(StepEngine.builder().stepTimeout(LIMIT).build(), agents);

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(55);
        assertThat(report.values()).containsExactly("done");
    }

    @Test
    void run_bodyStartedAfterATimeoutKeepsItsThread_theOthersDueTimeOutAllTheSame() {
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(50, SILENT));
        agents.add(Agent.of("keeping", (input, context) -> {
            keep();
            return Mono.just("late");
        }));
        agents.add(WORKER);

        StepReport<String> report =
                run(StepEngine.builder().concurrency(50).stepTimeout(LIMIT).build(), agents);

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(51);
        assertThat(report.values()).containsExactly("done");
    }

    @Test
    void stream_cancelledWhileDueStepsWait_everyOneSeesTheCancel() throws InterruptedException {
        AtomicInteger cancels = new AtomicInteger();
        CountDownLatch first = new CountDownLatch(1);
        Agent<String, String> silent = Agent.of(
                "silent",
                (input, context) -> Mono.<String>never().doOnCancel(() -> {
                    if (cancels.incrementAndGet() == 1) {
                        first.countDown();
                        keep();
                    }
                }));
        Disposable round = StepEngine.builder().stepTimeout(LIMIT).timeoutScheduler(() -> oneWorker).build().stream(
                        Collections.nCopies(50, silent), "go")
                .subscribe();
        first.await();

        round.dispose();

        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (cancels.get() < 50
                && System.nanoTime() < end) { // who disposes of it does not wait for all on a busy machine
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(cancels).hasValue(50);
    }

    private final Scheduler oneWorker = Schedulers.newSingle("one", true);

    @Test
    void run_stalledBodyKeepsItsCancellerToo_theResultIsThere() {
        Agent<String, String> keeping = Agent.of("keeping", (input, context) -> new Mono<String>() {
            @Override
            public void subscribe(reactor.core.CoreSubscriber<? super String> actual) {
                actual.onSubscribe(new org.reactivestreams.Subscription() {
                    @Override
                    public void request(long n) {
                        keep();
                    }

                    @Override
                    public void cancel() {
                        keep();
                    }
                });
            }
        });

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(LIMIT)
                .build()
                .run(List.of(keeping, WORKER), "go")
                .subscribeOn(Schedulers.newSingle("subscriber", true))
                .block(Duration.ofSeconds(20));

        assertThat(report.values()).containsExactly("done");
        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(1);
    }

    @Test
    void stream_consumerIsSlow_isNeitherInterruptedNorTakenForAStalledBody() {
        AtomicBoolean interrupted = new AtomicBoolean();
        Queue<String> threads = new ConcurrentLinkedQueue<>();

        StepEngine.builder().stepTimeout(Duration.ofMillis(20)).build().stream(Collections.nCopies(10, WORKER), "go")
                .doOnNext(result -> {
                    threads.add(Thread.currentThread().getName());
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                    interrupted.compareAndSet(false, Thread.interrupted());
                })
                .blockLast();

        assertThat(interrupted).isFalse();
        assertThat(threads).hasSize(10).doesNotContain("flotilla-rescue");
    }

    @Test
    void run_workerIsDisposedOf_timeOutsComeAllTheSame() {
        Scheduler noWorker = new NoWorker(Schedulers.newSingle("timer", true));

        StepReport<String> report = run(
                StepEngine.builder()
                        .stepTimeout(LIMIT)
                        .timeoutScheduler(() -> noWorker)
                        .build(),
                List.of(SILENT, WORKER));

        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(1);
    }

    /** Takes timers, and refuses everything that is to run at once. */
    private record NoWorker(Scheduler timer) implements Scheduler {
        @Override
        public Disposable schedule(Runnable task) {
            throw new java.util.concurrent.RejectedExecutionException("no worker");
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            return timer.schedule(task, delay, unit);
        }

        @Override
        public Worker createWorker() {
            return timer.createWorker();
        }
    }

    @Test
    void run_clockOfTheTimerThrowsAtTheEndOfAStep_theResultIsThere() {
        AtomicBoolean broken = new AtomicBoolean();
        Scheduler timer = new BrokenClock(Schedulers.newSingle("timer", true), broken);
        Agent<String, String> breaking = Agent.of(
                "breaking",
                (input, context) -> Mono.fromSupplier(() -> {
                    broken.set(true);
                    return "done";
                }));

        StepReport<String> report =
                run(StepEngine.builder().timeoutScheduler(() -> timer).build(), List.of(breaking));

        assertThat(report.values()).containsExactly("done");
    }

    @Test
    void run_clockOfTheTimerThrowsWhileStepsAreInFlight_theStepsEndWithTheReason() {
        AtomicBoolean broken = new AtomicBoolean();
        Scheduler timer = new BrokenClock(Schedulers.newSingle("timer", true), broken);

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(LIMIT)
                .timeoutScheduler(() -> timer)
                .build()
                .run(List.of(SILENT, SILENT), "go")
                .doOnSubscribe(any -> Schedulers.parallel().schedule(() -> broken.set(true), 30, TimeUnit.MILLISECONDS))
                .block(Duration.ofSeconds(20));

        assertThat(report.failures())
                .hasSize(2)
                .allSatisfy(failure -> assertThat(failure.cause()).hasMessage("no time"));
    }

    private record BrokenClock(Scheduler timer, AtomicBoolean broken) implements Scheduler {
        @Override
        public long now(TimeUnit unit) {
            if (broken.get()) {
                throw new IllegalStateException("no time");
            }
            return timer.now(unit);
        }

        @Override
        public Disposable schedule(Runnable task) {
            return timer.schedule(task);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            return timer.schedule(task, delay, unit);
        }

        @Override
        public Worker createWorker() {
            return timer.createWorker();
        }
    }

    @Test
    void stream_pairsThrowAFatalError_roundEndsWithItAfterTheResultsInFlight() {
        Flux<reactor.util.function.Tuple2<Agent<String, String>, String>> pairs = Flux.range(0, 100)
                .map(at -> {
                    if (at == 5) {
                        throw new NoClassDefFoundError("pairs");
                    }
                    return Tuples.of(WORKER, "go");
                });

        StepVerifier.create(StepEngine.builder().concurrency(2).build().stream(pairs))
                .expectNextCount(5)
                .expectError(NoClassDefFoundError.class)
                .verify(Duration.ofSeconds(10));
    }

    @Test
    void stream_resultThatNobodyWantsAnyMore_isDiscardedWithItsValue() {
        Queue<Object> discarded = new ConcurrentLinkedQueue<>();

        TestSubscriber<StepResult<String>> subscriber =
                TestSubscriber.builder().initialRequest(0).build();

        StepEngine.builder().build().stream(List.of(WORKER, WORKER), "go")
                .contextWrite(context -> Operators.enableOnDiscard(context, discarded::add))
                .subscribe(subscriber);
        subscriber.cancel();

        assertThat(discarded).filteredOn("done"::equals).hasSize(2);
        assertThat(discarded).filteredOn(StepResult.class::isInstance).hasSize(2);
    }

    @Test
    void stream_timeoutOfCenturiesInVirtualTime_doesNotFireEarly() {
        UndisturbedTime.begin();
        try {
            VirtualTimeScheduler.get().advanceTimeBy(Duration.ofDays(1));
            UndisturbedTime.verifier(
                            () -> StepEngine.builder().stepTimeout(Duration.ofNanos(Long.MAX_VALUE)).build().stream(
                                    List.of(SILENT), "go"))
                    .expectSubscription()
                    .expectNoEvent(Duration.ofDays(30))
                    .thenCancel()
                    .verify();
        } finally {
            VirtualTimeScheduler.reset();
        }
    }

    @Test
    void failures_manySubscribersBlock_anotherHearsAllTheSame() throws InterruptedException {
        StepEngine engine = StepEngine.builder().build();
        CountDownLatch heard = new CountDownLatch(1);
        List<Disposable> subscribers = new ArrayList<>();
        for (int at = 0; at < 2 * Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE; at++) {
            subscribers.add(engine.failures().subscribe(any -> keep()));
        }
        subscribers.add(engine.failures().subscribe(any -> heard.countDown()));

        engine.run(List.of(Agent.<String, String>of("failing", (input, context) -> null)), "go")
                .block();

        assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();
        subscribers.forEach(Disposable::dispose);
    }
}
