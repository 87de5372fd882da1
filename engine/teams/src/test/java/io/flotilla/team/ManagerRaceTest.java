package io.flotilla.team;

import static io.flotilla.team.VirtualTime.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Managers at random: workers that fail, hang, throw, are sick; tasks that are cancelled; a close in between. */
@Timeout(120)
class ManagerRaceTest {

    private static final int ROUNDS = Math.max(50, Integer.getInteger("random.rounds", 1_000) / 5);
    private static final int THREADS = 3;
    private static final int TASKS = 20;
    private static final String[] CAPABILITIES = {"a", "b", "c"};

    private static Mono<String> body(String task, int what) {
        return switch (what) {
            case 0 -> Mono.error(new IllegalStateException("boom"));
            case 1 -> Mono.never();
            case 2 -> throw new LinkageError("boom");
            case 3 -> Mono.delay(Duration.ofNanos(200_000)).thenReturn(task);
            case 4 -> Mono.empty();
            default -> Mono.just(task);
        };
    }

    private static Supervision supervision(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> Supervision.resume();
            case 1 -> Supervision.quarantine(Duration.ofMillis(1 + random.nextInt(3)));
            case 2 -> Supervision.restart().intensity(random.nextInt(10), Duration.ofMillis(50));
            case 3 -> Supervision.escalate();
            default -> Supervision.restart().intensity(1_000, Duration.ofMillis(1));
        };
    }

    private static Worker<String, String> worker(int number, Random random, AtomicInteger atOnce) {
        int good = 2 + random.nextInt(20);
        int concurrency = 1 + random.nextInt(3);
        Random own = new Random(random.nextLong());
        return Worker.<String, String>restartable(
                        AgentId.of("worker", number),
                        () -> Agent.of("any", (task, context) -> {
                            atOnce.incrementAndGet();
                            return body(task, own.nextInt(5 + good));
                        }),
                        CAPABILITIES[number % CAPABILITIES.length],
                        CAPABILITIES[random.nextInt(CAPABILITIES.length)])
                .concurrency(concurrency)
                .supervision(supervision(random));
    }

    @Test
    void managers_atRandom_everyTaskHasOneResultAndTheCountsAddUp() throws Exception {
        long seed = System.nanoTime();
        Random seeds = new Random(seed);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                long own = seeds.nextLong();
                try {
                    round(threads, new Random(own));
                } catch (Throwable failed) {
                    throw new AssertionError("seed " + seed + ", round " + round + ", its seed " + own, failed);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void round(ExecutorService threads, Random random) throws Exception {
        AtomicInteger called = new AtomicInteger();
        Manager.Builder<String, String> builder = Manager.<String, String>builder("desk")
                .maxQueued(random.nextInt(30))
                .maxAttempts(1 + random.nextInt(4))
                .attemptTimeout(Duration.ofMillis(1 + random.nextInt(3)))
                .healthInterval(Duration.ofMillis(1));
        int workers = 1 + random.nextInt(6);
        for (int number = 0; number < workers; number++) {
            builder.worker(worker(number, random, called));
        }
        if (random.nextBoolean()) {
            Random sick = new Random(random.nextLong());
            builder.health(id -> sick.nextInt(4) > 0);
        }
        Manager<String, String> manager = builder.build();
        AtomicInteger results = new AtomicInteger();
        AtomicInteger errors = new AtomicInteger();
        AtomicInteger disposed = new AtomicInteger();
        List<Future<?>> acting = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            Random own = new Random(random.nextLong());
            acting.add(threads.submit(() -> {
                for (int count = 0; count < TASKS; count++) {
                    Disposable task = manager.submit("task", CAPABILITIES[own.nextInt(CAPABILITIES.length)])
                            .subscribe(any -> results.incrementAndGet(), failed -> errors.incrementAndGet());
                    if (own.nextInt(5) == 0) {
                        disposed.incrementAndGet();
                        task.dispose();
                    }
                }
            }));
        }
        boolean early = random.nextInt(4) == 0;
        Duration grace = Duration.ofMillis(random.nextInt(30));
        if (early) {
            manager.close(grace).block(SOON);
        }
        for (Future<?> each : acting) {
            each.get(20, TimeUnit.SECONDS);
        }
        manager.close(grace).block(SOON);

        ManagerStats stats = manager.stats();
        assertThat(stats.queued() + stats.running()).as(stats.toString()).isZero();
        assertThat(stats.accepted())
                .as(stats.toString())
                .isEqualTo(stats.completed() + stats.failed() + stats.cancelled() + stats.rejected());
        assertThat(stats.accepted() + stats.refused()).isEqualTo((long) THREADS * TASKS);
        assertThat(errors).hasValue(0);
        assertThat(manager.workers())
                .allSatisfy(each -> assertThat(each.running()).isZero());
        int told = THREADS * TASKS;
        long until = System.nanoTime() + SOON.toNanos();
        while (results.get() + disposed.get() < told && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        assertThat(results.get()).as(stats.toString()).isBetween(told - disposed.get(), told);
        assertThat(manager.submit("late", "a").map(StepResult::kind).block(SOON))
                .isEqualTo(StepResult.Kind.REJECTED);
    }

    @Test
    void health_keepsItsThread_countsAsUnhealthyAndTheTaskGoesElsewhere() {
        Sleeper sleeper = new Sleeper();
        Manager<String, String> manager = Manager.<String, String>builder("desk")
                .worker(Worker.of(Agent.of("stuck", (task, context) -> Mono.just("stuck")), "a"))
                .worker(Worker.of(Agent.of("free", (task, context) -> Mono.just("free")), "a"))
                .health(id -> {
                    if (id.kind().equals("stuck")) {
                        sleeper.sleep();
                    }
                    return true;
                })
                .healthInterval(Duration.ofHours(1))
                .build();
        try {
            for (int count = 0; count < 3; count++) {
                assertThat(manager.request("task", "a").block(SOON)).isEqualTo("free");
            }
        } finally {
            sleeper.wake();
        }
    }

    /** Its end is told once, and it is not in the queue again: nobody is given what nobody wants. */
    @Test
    void cancel_asItsWorkerIsFoundUnwell_leavesNothingBehind() {
        for (int round = 0; round < 2_000; round++) {
            AtomicBoolean isAsked = new AtomicBoolean();
            AtomicBoolean mayAnswer = new AtomicBoolean();
            Manager<String, String> manager = Manager.<String, String>builder("desk")
                    .worker(Worker.of(Agent.of("sick", (task, context) -> Mono.just(task)), "a"))
                    .health(id -> {
                        isAsked.set(true);
                        spinUntil(mayAnswer::get);
                        return false;
                    })
                    .healthInterval(Duration.ofHours(1))
                    .build();
            Disposable task = manager.submit("task", "a").subscribe();
            spinUntil(isAsked::get);

            mayAnswer.set(true);
            task.dispose();

            spinUntil(() -> manager.workers().get(0).state() == WorkerStatus.State.UNHEALTHY);
            ManagerStats stats = manager.stats();
            assertThat(stats.running()).as("round %d: %s", round, stats).isZero();
            assertThat(stats.queued()).as("round %d: %s", round, stats).isZero();
            manager.close(Duration.ZERO).block(SOON);
            assertThat(manager.stats().cancelled()).isEqualTo(1);
            assertThat(manager.stats().rejected()).isZero();
        }
    }

    private static void spinUntil(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("it does not come");
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void supervision_keepsItsThread_escalates() {
        Sleeper sleeper = new Sleeper();
        Manager<String, String> manager = Manager.<String, String>builder("desk")
                .worker(Worker.<String, String>of(
                                Agent.of("bad", (task, context) -> Mono.error(new IllegalStateException("boom"))), "a")
                        .supervision(Supervision.by(failure -> {
                            sleeper.sleep();
                            return new Directive.Resume();
                        })))
                .build();
        try {
            assertThat(manager.submit("task", "a").map(StepResult::cause).block(SOON))
                    .isInstanceOf(WorkerEscalatedException.class);
        } finally {
            sleeper.wake();
        }
    }

    @Test
    void bodiesThatBlock_otherWorkersGoOn() {
        Sleeper sleeper = new Sleeper();
        Manager<String, String> manager = Manager.<String, String>builder("desk")
                .worker(Worker.<String, String>of(
                                Agent.of("stuck", (task, context) -> {
                                    sleeper.sleep();
                                    return Mono.just("late");
                                }),
                                "a")
                        .concurrency(4))
                .worker(Worker.of(Agent.of("free", (task, context) -> Mono.just("free")), "a", "b"))
                .attemptTimeout(Duration.ofMillis(200))
                .build();
        try {
            List<Mono<String>> all = new ArrayList<>();
            for (int count = 0; count < 8; count++) {
                all.add(manager.request("task", "a"));
            }
            assertThat(Flux.merge(all).collectList().block(SOON)).hasSize(8).containsOnly("free");
        } finally {
            sleeper.wake();
        }
    }

    @Test
    void queue_ofTenThousandShortTasks_noStackOverflow() {
        Manager<Integer, Integer> manager = Manager.<Integer, Integer>builder("desk")
                .worker(Worker.of(Agent.of("one", (task, context) -> Mono.just(task)), "a"))
                .build();
        assertThat(Flux.range(0, 10_000)
                        .flatMap(task -> manager.request(task, "a"), 10_000)
                        .count()
                        .block(SOON))
                .isEqualTo(10_000);
    }

    /** Code that keeps its thread until the test lets it go. */
    private static final class Sleeper {

        private final CountDownLatch latch = new CountDownLatch(1);

        void sleep() {
            try {
                latch.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        void wake() {
            latch.countDown();
        }
    }
}
