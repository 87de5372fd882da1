package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** What the stall watch sees of the thread that starts steps. */
@Timeout(60)
class StarterTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final CountDownLatch called = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch resumed = new CountDownLatch(1);
    private final AtomicReference<StepResult<String>> settled = new AtomicReference<>();

    private final Agent<String, String> keeping = Agent.of("keeping", (input, context) -> {
        called.countDown();
        try {
            release.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return Mono.just("done");
    });

    @AfterEach
    void releaseTheBody() {
        release.countDown();
    }

    private final Steps.Owner<String, String> owner = new TestOwner();

    private class TestOwner implements Steps.Owner<String, String> {
        @Override
        public Context context() {
            return Context.empty();
        }

        @Override
        public boolean isStopped() {
            return false;
        }

        @Override
        public void settled(Step<String, String> step, StepResult<String> result, @Nullable StepFailure failure) {
            settled.set(result);
        }

        @Override
        public void noTime(Step<String, String> step, Throwable thrown) {
            step.threw(thrown);
        }

        @Override
        public void resumeStarting() {
            resumed.countDown();
        }

        @Override
        public @Nullable Duration passedRoundTimeout() {
            return null;
        }

        @Override
        public long waiting() {
            return 0;
        }

        @Override
        public boolean isDelivering() {
            return false;
        }
    }

    private Steps<String, String> started(StepEngine.Builder engine) throws InterruptedException {
        Steps<String, String> steps = new Steps<>(engine.build(), owner, new UsageLedger(), null, false);
        Thread starter = new Thread(() -> steps.start(new Step<>(steps, keeping, "go", 0, null, Context.empty())));
        starter.setDaemon(true);
        starter.start();
        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
        return steps;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void checkForStall_watchReadTheClockLongBeforeItSawTheStep_theStepHasItsWholeTime(boolean idle)
            throws InterruptedException {
        StepEngine.Builder engine = StepEngine.builder();
        Steps<String, String> steps =
                started(idle ? engine.noStepTimeout().idleTimeout(LIMIT) : engine.stepTimeout(LIMIT));
        long before = System.nanoTime();

        steps.checkForStall(before - LIMIT.toNanos());
        steps.checkForStall(before);

        assertThat(resumed.await(100, TimeUnit.MILLISECONDS))
                .as("another thread has taken over")
                .isFalse();
        steps.checkForStall(System.nanoTime() + LIMIT.toNanos());
        assertThat(resumed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** The ends of two steps are reported, and neither report returns soon. */
    @Test
    void reportAndContinue_aReportReturnsWhileTheNextIsKept_anotherThreadTakesOverAllTheSame()
            throws InterruptedException {
        List<CountDownLatch> entered = List.of(new CountDownLatch(1), new CountDownLatch(1));
        List<CountDownLatch> left = List.of(new CountDownLatch(1), new CountDownLatch(1));
        AtomicReference<Steps<String, String>> all = new AtomicReference<>();
        Semaphore takenOver = new Semaphore(0);
        Steps<String, String> steps = new Steps<>(
                StepEngine.builder().stepTimeout(LIMIT).build(),
                new TestOwner() {
                    @Override
                    public void settled(
                            Step<String, String> step, StepResult<String> result, @Nullable StepFailure failure) {
                        int at = (int) step.index;
                        all.get()
                                .reportAndContinue(
                                        () -> {
                                            entered.get(at).countDown();
                                            awaitQuietly(left.get(at));
                                        },
                                        () -> {});
                    }

                    @Override
                    public void resumeStarting() {
                        takenOver.release();
                    }
                },
                new UsageLedger(),
                null,
                false);
        all.set(steps);
        Thread first = start(steps, 0);
        assertThat(entered.get(0).await(10, TimeUnit.SECONDS)).isTrue();
        steps.checkForStall(System.nanoTime());
        steps.checkForStall(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
        assertThat(takenOver.tryAcquire(10, TimeUnit.SECONDS)).isTrue();

        start(steps, 1);
        assertThat(entered.get(1).await(10, TimeUnit.SECONDS)).isTrue();
        left.get(0).countDown();
        first.join(10_000);
        steps.checkForStall(System.nanoTime());
        steps.checkForStall(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));

        assertThat(takenOver.tryAcquire(10, TimeUnit.SECONDS))
                .as("the second report is seen to keep its thread")
                .isTrue();
        left.get(1).countDown();
    }

    private static Thread start(Steps<String, String> steps, int index) {
        Agent<String, String> atOnce = Agent.of("quick", (input, context) -> Mono.just("done"));
        Thread starter = new Thread(() -> steps.start(new Step<>(steps, atOnce, "go", index, null, Context.empty())));
        starter.setDaemon(true);
        starter.start();
        return starter;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
