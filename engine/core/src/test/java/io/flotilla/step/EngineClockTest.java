package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Delays that are refused, calls that do not return, and what is left of a step's time. */
@Timeout(30)
class EngineClockTest {

    /** A clock that only the test moves. */
    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

    private final AtomicBoolean refuses = new AtomicBoolean();

    private EngineClock engineTime() {
        return StepEngine.builder()
                .timeoutScheduler(() -> new Refusing(time, refuses))
                .build()
                .core()
                .clock;
    }

    /** Takes nothing while it is told not to. */
    private record Refusing(Scheduler timer, AtomicBoolean refuses) implements Scheduler {
        private void check() {
            if (refuses.get()) {
                throw new RejectedExecutionException("refused");
            }
        }

        @Override
        public Disposable schedule(Runnable task) {
            check();
            return timer.schedule(task);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            check();
            return timer.schedule(task, delay, unit);
        }

        @Override
        public long now(TimeUnit unit) {
            return timer.now(unit);
        }

        @Override
        public Worker createWorker() {
            return timer.createWorker();
        }

        @Override
        public void dispose() {
            timer.dispose();
        }
    }

    private static void eventually(BooleanSupplier holds) {
        for (int spin = 0; !holds.getAsBoolean() && spin < 10_000; spin++) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(holds.getAsBoolean()).isTrue();
    }

    // --- refused delays

    @Test
    void after_timerRefuses_runsWhenTheTimeHasComeAndNotBefore() throws InterruptedException {
        EngineClock of = engineTime();
        AtomicInteger ran = new AtomicInteger();
        refuses.set(true);
        of.schedule(Duration.ofSeconds(1), ran::incrementAndGet);
        refuses.set(false);
        time.advanceTimeBy(Duration.ofMillis(999));
        twoLooks();
        assertThat(ran).hasValue(0);

        time.advanceTimeBy(Duration.ofMillis(1));

        eventually(() -> ran.get() == 1);
        twoLooks();
        assertThat(ran).as("once").hasValue(1);
    }

    @Test
    void after_noDelayAndTheWorkerRefuses_runs() {
        EngineClock of = engineTime();
        CompletableFuture<String> ran = new CompletableFuture<>();
        refuses.set(true);

        of.schedule(Duration.ZERO, () -> ran.complete(Thread.currentThread().getName()));

        assertThat(ran.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo("flotilla-rescue");
    }

    @Test
    void after_refusedAndDisposedOf_neverRunsAndIsForgotten() throws InterruptedException {
        EngineClock of = engineTime();
        AtomicInteger ran = new AtomicInteger();
        refuses.set(true);
        Disposable delay = of.schedule(Duration.ofSeconds(1), ran::incrementAndGet);

        delay.dispose();

        time.advanceTimeBy(Duration.ofSeconds(2));
        twoLooks();
        assertThat(ran).hasValue(0);
    }

    /** Until whoever looks has looked twice. */
    private static void twoLooks() throws InterruptedException {
        CountDownLatch looks = new CountDownLatch(3);
        EngineClock.Watched counting = new EngineClock.Watched() {
            @Override
            public boolean isOverdue(long nanos) {
                looks.countDown();
                return looks.getCount() == 0;
            }

            @Override
            public void overdue() {}
        };
        CallWatch.watch(counting);
        assertThat(looks.await(10, TimeUnit.SECONDS)).isTrue();
    }

    // --- watched calls

    private static class Call implements EngineClock.Watched {
        final AtomicBoolean late = new AtomicBoolean();
        final AtomicInteger taken = new AtomicInteger();

        @Override
        public boolean isOverdue(long nanos) {
            return late.get();
        }

        @Override
        public void overdue() {
            taken.incrementAndGet();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 200})
    void watch_manyCallsOnOneThread_eachIsTakenOnceAndOnlyWhenItIsLate(int calls) throws InterruptedException {
        EngineClock of = engineTime();
        List<Call> all = new ArrayList<>();
        for (int call = 0; call < calls; call++) {
            all.add(new Call());
            of.watch(all.get(call));
        }
        twoLooks();
        assertThat(all).allSatisfy(call -> assertThat(call.taken).hasValue(0));

        all.forEach(call -> call.late.set(true));

        eventually(() -> all.stream().allMatch(call -> call.taken.get() == 1));
        twoLooks();
        assertThat(all).allSatisfy(call -> assertThat(call.taken).hasValue(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 200})
    void forget_onAnotherThreadThanItWasWatchedOn_neverTaken(int calls) throws Exception {
        EngineClock of = engineTime();
        List<Call> all = new ArrayList<>();
        for (int call = 0; call < calls; call++) {
            all.add(new Call());
            of.watch(all.get(call));
        }
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            other.submit(() -> all.forEach(of::forget)).get(10, TimeUnit.SECONDS);
        } finally {
            other.shutdownNow();
        }

        all.forEach(call -> call.late.set(true));

        twoLooks();
        assertThat(all).allSatisfy(call -> assertThat(call.taken).hasValue(0));
    }

    @Test
    void watch_oneThrowsWhenItIsLookedAtAndOneWhenItIsTaken_theOthersAreTaken() {
        EngineClock of = engineTime();
        Call call = new Call();
        Call throwing = new Call() {
            @Override
            public boolean isOverdue(long nanos) {
                if (late.get()) {
                    return true;
                }
                throw new StackOverflowError("test");
            }

            @Override
            public void overdue() {
                throw new LinkageError("test");
            }
        };
        of.watch(throwing);
        of.watch(call);

        call.late.set(true);

        eventually(() -> call.taken.get() == 1);
        throwing.late.set(true);
        of.forget(throwing);
    }

    // --- what is left of a step's time

    private static final class Movable extends Clock {
        volatile Instant now = Instant.parse("2026-01-02T12:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600, 0, 3_600})
    void timeRemaining_clockIsSet_countsTheTimersTimeOnly(long seconds) {
        Movable clock = new Movable();
        List<Duration> left = new ArrayList<>();
        StepInterceptor asking = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                left.add(call.timeRemaining());
                time.advanceTimeBy(Duration.ofSeconds(2));
                clock.now = clock.now.plusSeconds(seconds);
                left.add(call.timeRemaining());
                return attempts;
            }
        };
        StepEngine engine = StepEngine.builder()
                .timeoutScheduler(() -> time)
                .clock(clock)
                .stepTimeout(Duration.ofSeconds(10))
                .interceptor(asking)
                .build();

        engine.run(List.of(TestAgents.answering("a")), "go").block();

        assertThat(left).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(8));
    }

    @Test
    void timeRemaining_noStepTimeout_isNull() {
        List<Duration> left = new ArrayList<>();
        StepInterceptor asking = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                left.add(call.timeRemaining());
                return attempts;
            }
        };

        StepEngine.builder()
                .noStepTimeout()
                .interceptor(asking)
                .build()
                .run(List.of(TestAgents.answering("a")), "go")
                .block();

        assertThat(left).containsExactly((Duration) null);
    }

    // --- fallbacks that fail

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fallbackFailed_isSuppressedInTheCauseWhetherTheStepIsDegradedOrFails(boolean answered) {
        StackOverflowError fatal = new StackOverflowError("of the fallback");
        IOException own = new IOException("own");
        StepInterceptor falling = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorResume(cause -> {
                    call.fallbackFailed("backup", fatal);
                    call.markDegraded("constant", cause);
                    return answered ? Mono.empty() : Mono.error(cause);
                });
            }
        };
        Agent<String, String> failing = Agent.of("a", (input, context) -> Mono.error(own));

        StepResult<String> result = StepEngine.builder()
                .interceptor(falling)
                .build()
                .run(List.of(failing), "go")
                .block()
                .results()
                .get(0);

        assertThat(result.kind()).isEqualTo(answered ? StepResult.Kind.DEGRADED : StepResult.Kind.FAILED);
        assertThat(result.cause()).isSameAs(own).hasSuppressedException(fatal);
        assertThat(own.getSuppressed()).hasSize(1);
    }

    @Test
    void fallbackFailed_beforeAnyAttempt_theStepsOwnCauseIsFirst() {
        IOException fallback = new IOException("of the fallback");
        StepRejectedException refused = new StepRejectedException("budget", "used up", null);
        StepInterceptor refusing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                call.fallbackFailed("backup", fallback);
                return Mono.error(refused);
            }
        };

        StepResult<String> result = StepEngine.builder()
                .interceptor(refusing)
                .build()
                .run(List.of(TestAgents.answering("a")), "go")
                .block()
                .results()
                .get(0);

        assertThat(result.cause()).isSameAs(refused).hasSuppressedException(fallback);
    }
}
