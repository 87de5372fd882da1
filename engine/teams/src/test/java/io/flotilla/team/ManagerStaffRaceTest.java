package io.flotilla.team;

import static io.flotilla.team.VirtualTime.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Workers that join and leave while tasks are submitted, done, failed and cancelled by others. */
@Timeout(120)
class ManagerStaffRaceTest {

    private static final int ROUNDS = 1_000;
    private static final int TASKS = 30;

    private final Random seeds = new Random(13);
    private final List<String> faults = Collections.synchronizedList(new ArrayList<>());

    /** Fails the test if it is called after it has left. */
    private Worker<String, String> worker(AgentId id, AtomicBoolean hasLeft, Random random) {
        return Worker.<String, String>of(
                        Agent.of(id.toString(), (task, context) -> {
                            if (hasLeft.get()) {
                                faults.add(id + " was given " + task + " after it had left");
                            }
                            int what = random.nextInt(10);
                            return what == 0
                                    ? Mono.error(new IllegalStateException("boom"))
                                    : what < 3
                                            ? Mono.delay(Duration.ofNanos(100_000))
                                                    .thenReturn(task)
                                            : Mono.just(task);
                        }),
                        "a")
                .concurrency(1 + random.nextInt(3));
    }

    @Test
    void workers_joiningAndLeavingAtRandom_everyTaskHasOneResultAndTheCountsAddUp() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                long seed = seeds.nextLong();
                try {
                    round(threads, new Random(seed));
                } catch (Throwable failed) {
                    throw new AssertionError("round " + round + ", seed " + seed, failed);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private void round(ExecutorService threads, Random random) throws Exception {
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(worker(AgentId.of("w", 0), new AtomicBoolean(), new Random(random.nextLong())))
                .maxAttempts(1 + random.nextInt(3))
                .build();
        AtomicInteger cancelled = new AtomicInteger();
        Random own = new Random(random.nextLong());
        Random coming = new Random(random.nextLong());
        Future<List<StepResult<String>>> submitting = threads.submit(() -> Flux.range(0, TASKS)
                .flatMap(
                        task -> own.nextInt(8) == 0
                                ? desk.submit("task", "a")
                                        .timeout(
                                                Duration.ofNanos(50_000), Mono.fromRunnable(cancelled::incrementAndGet))
                                : desk.submit("task", "a"),
                        1 + own.nextInt(TASKS))
                .collectList()
                .block(SOON));
        Future<?> staffing = threads.submit(() -> {
            for (int number = 1; number < 12; number++) {
                AgentId id = AgentId.of("w", number % 4);
                AtomicBoolean hasLeft = new AtomicBoolean();
                Mono<Void> leave = desk.leave(
                        id, coming.nextBoolean() ? Duration.ZERO : Duration.ofNanos(coming.nextInt(200_000)));
                try {
                    desk.join(worker(id, hasLeft, new Random(coming.nextLong())));
                    if (coming.nextInt(3) > 0) {
                        leave.block(SOON);
                        hasLeft.set(true);
                    }
                } catch (IllegalArgumentException known) {
                    leave.onErrorComplete(UnknownWorkerException.class).subscribe();
                }
            }
        });
        staffing.get(SOON.toSeconds(), TimeUnit.SECONDS);
        List<StepResult<String>> results = submitting.get(SOON.toSeconds(), TimeUnit.SECONDS);
        desk.close(SOON).block(SOON);

        ManagerStats stats = desk.stats();
        assertThat(faults).isEmpty();
        assertThat(stats.queued() + stats.running()).as(stats.toString()).isZero();
        assertThat(stats.accepted())
                .as(stats.toString())
                .isEqualTo(stats.completed() + stats.failed() + stats.cancelled() + stats.rejected());
        assertThat(stats.accepted() + stats.refused()).isEqualTo(TASKS);
        assertThat(desk.workers()).allSatisfy(each -> assertThat(each.running()).isZero());
        assertThat(results.size() + cancelled.get()).as(stats.toString()).isEqualTo(TASKS);
        assertThat(results.stream().filter(each -> !each.isFailure()).count()).isLessThanOrEqualTo(stats.completed());
    }

    /** Two leave for the same worker at the same time, while its step ends: it leaves once, and both are told. */
    @Test
    void leave_twiceAtTheSameTime_bothAreTold() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                AtomicInteger left = new AtomicInteger();
                Manager<String, String> desk = Manager.<String, String>builder("desk")
                        .worker(Worker.of(Agent.of("one", (task, context) -> Mono.just(task)), "a"))
                        .worker(Worker.of(Agent.of("two", (task, context) -> Mono.just(task)), "a"))
                        .build();
                Mono<String> task = desk.request("task", "a");
                Future<?> first = threads.submit(() -> leave(desk, left));
                Future<?> second = threads.submit(() -> leave(desk, left));
                assertThat(Objects.requireNonNull(task.block(SOON))).isEqualTo("task");
                first.get(SOON.toSeconds(), TimeUnit.SECONDS);
                second.get(SOON.toSeconds(), TimeUnit.SECONDS);
                assertThat(left.get()).isBetween(1, 2);
                assertThat(desk.workers()).hasSize(1);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void leave(Manager<String, String> desk, AtomicInteger left) {
        try {
            desk.leave(AgentId.of("one"), Duration.ZERO).block(SOON);
            left.incrementAndGet();
        } catch (UnknownWorkerException gone) {
            // the other one was faster
        }
    }

    @Test
    void leave_cancelHandlerKeepsItsThread_theTaskGoesOnElsewhere() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(Worker.of(
                        Agent.of(
                                "stuck",
                                (task, context) -> Mono.<String>never()
                                        .doOnSubscribe(any -> entered.countDown())
                                        .doOnCancel(() -> await(latch))),
                        "a"))
                .build();
        try {
            Mono<String> task = desk.request("task", "a").cache();
            task.subscribe();
            await(entered);
            desk.join(Worker.of(Agent.of("free", (any, context) -> Mono.just("free")), "a"));
            Mono<Void> left = desk.leave(AgentId.of("stuck"), Duration.ZERO).cache();
            left.subscribe();

            assertThat(task.block(SOON)).isEqualTo("free");
            assertThat(left.block(SOON)).isNull();
        } finally {
            latch.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(SOON.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
