package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.internal.VirtualThreads;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Which threads the bodies of blocking agents run on: virtual ones where the JDK has them, or those that the engine is given. */
@Timeout(60)
class BlockingThreadsTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final Agent<String, Thread> WHERE =
            Agent.blocking("where", (input, context) -> Thread.currentThread());

    private static Thread where(StepEngine engine) {
        StepReport<Thread> report = engine.run(List.of(WHERE), "go").block(SOON);
        assertThat(report).isNotNull();
        return report.orThrow().values().get(0);
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void blocking_beforeJdk21_runsOnBoundedElastic() {
        assertThat(VirtualThreads.scheduler()).isNull();
        assertThat(where(StepEngine.builder().build()).getName()).startsWith("boundedElastic-");
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void blocking_onJdk21AndNewer_runsOnAVirtualThreadOfItsOwn() throws Exception {
        StepEngine engine = StepEngine.builder().build();
        Thread first = where(engine);
        Thread second = where(engine);

        assertThat(Thread.class.getMethod("isVirtual").invoke(first)).isEqualTo(true);
        assertThat(first.isDaemon()).isTrue();
        assertThat(first.getName()).matches("flotilla-blocking-\\d+");
        assertThat(second).isNotSameAs(first);
        assertThat(second.getName()).isNotEqualTo(first.getName());
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void blocking_onJdk21AndNewer_moreBodiesThanAnyPoolHasThreadsRunAtOnce() {
        int bodies = 50 * Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE;
        CountDownLatch all = new CountDownLatch(bodies);
        Agent<String, Boolean> barrier = Agent.blocking("barrier", (input, context) -> {
            all.countDown();
            return await(all);
        });

        StepReport<Boolean> report = StepEngine.builder()
                .concurrency(bodies)
                .build()
                .run(Collections.nCopies(bodies, barrier), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.orThrow().values()).hasSize(bodies).containsOnly(true);
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(SOON.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void blocking_stepCancelled_interruptsTheBody() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Agent<String, String> stuck = Agent.blocking("stuck", (input, context) -> {
            started.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException asked) {
                interrupted.countDown();
            }
            return "never";
        });

        var running = StepEngine.builder().build().run(List.of(stuck), "go").subscribe();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
        running.dispose();

        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void blocking_insideVirtualTime_runsThere() {
        UndisturbedTime.verifier(() -> StepEngine.builder().build().run(List.of(WHERE), "go"))
                .assertNext(report -> assertThat(report.orThrow().values().get(0))
                        .as("virtual time has no threads of its own")
                        .isSameAs(Thread.currentThread()))
                .verifyComplete();
    }

    @Test
    void blocking_nestedOnTheSharedThreads_neverAsksWhetherThereIsOne() {
        StepEngine engine = StepEngine.builder().build();
        Agent<String, String> outer = Agent.blocking("outer", (input, context) -> {
            assertThat(BlockingLevel.current()).isNotNull();
            assertThat(BlockingLevel.current().step().<Object>getOrDefault("tenant", "none"))
                    .isEqualTo("acme");
            return where(engine).getName();
        });

        StepReport<String> report = engine.run(List.of(outer), "go")
                .contextWrite(context -> context.put("tenant", "acme"))
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.orThrow().values().get(0)).startsWith("flotilla-");
    }

    // --- an engine's own choice

    @Test
    void blockingScheduler_given_isWhereBodiesWithoutAPoolRun() {
        Scheduler pool = Schedulers.newBoundedElastic(2, 100, "chosen");
        AtomicInteger asked = new AtomicInteger();
        try {
            StepEngine engine = StepEngine.builder()
                    .blockingScheduler(() -> {
                        asked.incrementAndGet();
                        return pool;
                    })
                    .build();

            assertThat(where(engine).getName()).startsWith("chosen-");
            assertThat(where(engine.withFailureMode(FailureMode.FAIL_AT_END)).getName())
                    .startsWith("chosen-");
            assertThat(where(engine.toBuilder().build()).getName()).startsWith("chosen-");
            assertThat(asked).hasValue(3);
        } finally {
            pool.dispose();
        }
    }

    @Test
    void blockingScheduler_agentHasAPool_isNotAsked() {
        Scheduler pool = Schedulers.newBoundedElastic(1, 100, "agents");
        try {
            StepEngine engine = StepEngine.builder()
                    .blockingScheduler(() -> {
                        throw new AssertionError("asked");
                    })
                    .build();
            Agent<String, String> agent = Agent.blocking(
                    AgentId.of("own"),
                    pool,
                    (input, context) -> Thread.currentThread().getName());

            StepReport<String> report = engine.run(List.of(agent), "go").block(SOON);

            assertThat(report).isNotNull();
            assertThat(report.orThrow().values().get(0)).startsWith("agents-");
        } finally {
            pool.dispose();
        }
    }

    @Test
    void blockingScheduler_anotherEngineInside_isNotItsChoice() {
        Scheduler pool = Schedulers.newBoundedElastic(2, 100, "outer");
        try {
            StepEngine inner = StepEngine.builder().build();
            StepEngine outer =
                    StepEngine.builder().blockingScheduler(() -> pool).build();
            List<String> names = Collections.synchronizedList(new ArrayList<>());
            Agent<String, StepReport<Thread>> nests = Agent.of(
                    "nests",
                    (input, context) -> inner.run(List.of(WHERE), "go")
                            .doOnNext(report ->
                                    names.add(report.orThrow().values().get(0).getName())));

            outer.run(List.of(nests), "go").block(SOON);

            assertThat(names).singleElement().asString().doesNotStartWith("outer");
        } finally {
            pool.dispose();
        }
    }

    @Test
    void blockingScheduler_returnsNull_isTheStepsFailureWithAClearError() {
        StepReport<Thread> report = StepEngine.builder()
                .blockingScheduler(() -> null)
                .build()
                .run(List.of(WHERE), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        StepResult<Thread> result = report.results().get(0);
        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("blockingScheduler returned null");
    }

    @Test
    void blockingScheduler_throws_isTheStepsFailure() {
        StepReport<Thread> report = StepEngine.builder()
                .blockingScheduler(() -> {
                    throw new IllegalStateException("no pool today");
                })
                .build()
                .run(List.of(WHERE), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results().get(0).cause()).hasMessage("no pool today");
    }

    @Test
    void blockingScheduler_disposed_isTheStepsFailure() {
        Scheduler pool = Schedulers.newSingle("gone");
        pool.dispose();

        StepReport<Thread> report = StepEngine.builder()
                .blockingScheduler(() -> pool)
                .build()
                .run(List.of(WHERE), "go")
                .block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results().get(0).cause()).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void blockingScheduler_null_throwsAtOnce() {
        assertThatNullPointerException()
                .isThrownBy(() -> StepEngine.builder().blockingScheduler(null))
                .withMessage("blockingScheduler");
    }
}
