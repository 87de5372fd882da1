package io.flotilla.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Checks and subscribers that keep their threads, in real time. */
@Timeout(30)
class HealthThreadsTest {

    private static final Duration SHORT = Duration.ofMillis(20);

    private static void await(BooleanSupplier condition) {
        Flux.interval(Duration.ofMillis(2))
                .filter(tick -> condition.getAsBoolean())
                .onBackpressureDrop()
                .blockFirst(Duration.ofSeconds(20));
    }

    private static CheckResult result(HealthMonitor monitor, String name) {
        return Objects.requireNonNull(monitor.report().check(name));
    }

    @Test
    void check_thatBlocks_isDownIsInterruptedAndHoldsNobodyUp() {
        AtomicBoolean interrupted = new AtomicBoolean();
        try (HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("blocked", () -> {
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException thrown) {
                                interrupted.set(true);
                            }
                            return Health.up();
                        })
                        .timeout(SHORT))
                .check(HealthCheck.of("well", Health::up))
                .build()) {
            HealthReport report = Objects.requireNonNull(monitor.refresh().block(Duration.ofSeconds(10)));
            assertThat(report.status()).isEqualTo(HealthStatus.DOWN);
            assertThat(result(monitor, "well").status()).isEqualTo(HealthStatus.UP);
            await(interrupted::get);
        }
    }

    @Test
    void check_thatIgnoresItsInterrupt_isCalledOnceAndDownUntilItLeaves() {
        AtomicInteger calls = new AtomicInteger();
        AtomicBoolean leave = new AtomicBoolean();
        try (HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("stubborn", () -> {
                            calls.incrementAndGet();
                            while (!leave.get()) {
                                Thread.onSpinWait();
                                Thread.interrupted();
                            }
                            return Health.up();
                        })
                        .timeout(SHORT))
                .interval(SHORT)
                .staleAfter(Duration.ofMinutes(1))
                .build()
                .start()) {
            await(() -> String.valueOf(result(monitor, "stubborn").reason())
                    .equals("its last call has not ended, and holds a thread"));
            assertThat(monitor.refresh().block(Duration.ofSeconds(10))).isNotNull();
            assertThat(calls).hasValue(1);
            leave.set(true);
            await(() -> result(monitor, "stubborn").status() == HealthStatus.UP);
        }
    }

    /** Its time is up before there is a thread for it: that is no call that keeps a thread, so it is asked again. */
    @Test
    void timeout_beforeTheCallHasBegun_isNoCallThatKeepsAThread() {
        HealthCheck check = HealthCheck.of("late", Health::up).timeout(Duration.ofNanos(1));
        try (HealthMonitor monitor = HealthMonitor.builder().check(check).build()) {
            for (int round = 0; round < 1_000; round++) {
                long until = System.nanoTime() + Duration.ofSeconds(10).toNanos();
                do { // a call may be just on its way out
                    assertThat(monitor.refresh().block(Duration.ofSeconds(10))).isNotNull();
                    assertThat(System.nanoTime())
                            .as("round %d: %s", round, result(monitor, "late"))
                            .isLessThan(until);
                } while (isStuck(monitor));
            }
        }
    }

    private static boolean isStuck(HealthMonitor monitor) {
        Health last = result(monitor, "late").last();
        return last != null && String.valueOf(last.reason()).contains("holds a thread");
    }

    /** One that is taken away between the question and the answer is waited for by nobody. */
    @Test
    void refresh_checksRemovedByOthersMeanwhile_ends() {
        try (HealthMonitor monitor = HealthMonitor.builder().build()) {
            AtomicBoolean isOver = new AtomicBoolean();
            Mono<Void> changing = Mono.<Void>fromRunnable(() -> {
                        for (int number = 0; !isOver.get(); number++) {
                            monitor.add(HealthCheck.of("check " + number, Health::up));
                            monitor.remove("check " + number);
                        }
                    })
                    .subscribeOn(Schedulers.boundedElastic());
            Disposable other = changing.subscribe();
            for (int round = 0; round < 5_000; round++) {
                assertThat(monitor.refresh().block(Duration.ofSeconds(10)))
                        .as("round %d", round)
                        .isNotNull();
            }
            isOver.set(true);
            other.dispose();
        }
    }

    @Test
    void cancelHandler_thatBlocks_holdsUpNoTimeLimit() {
        CountDownLatch never = new CountDownLatch(1);
        HealthMonitor.Builder builder = HealthMonitor.builder();
        for (int number = 0; number < 20; number++) {
            builder.check(HealthCheck.reactive(
                            "check " + number,
                            () -> Mono.<Health>never().doOnCancel(() -> {
                                try {
                                    never.await();
                                } catch (InterruptedException thrown) {
                                    Thread.currentThread().interrupt();
                                }
                            }))
                    .timeout(SHORT));
        }
        try (HealthMonitor monitor = builder.build()) {
            HealthReport report = Objects.requireNonNull(monitor.refresh().block(Duration.ofSeconds(10)));
            assertThat(report.checks()).allMatch(check -> check.status() == HealthStatus.DOWN);
        } finally {
            never.countDown();
        }
    }

    @Test
    void subscriber_thatBlocks_holdsUpNeitherChecksNorOthers() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch heard = new CountDownLatch(1);
        try (HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("well", Health::up))
                .build()) {
            monitor.changes().subscribe(change -> {
                try {
                    never.await();
                } catch (InterruptedException thrown) {
                    Thread.currentThread().interrupt();
                }
            });
            monitor.changes().subscribe(change -> heard.countDown());
            assertThat(monitor.refresh().block(Duration.ofSeconds(10))).isNotNull();
            assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(monitor.refresh().block(Duration.ofSeconds(10))).isNotNull();
        } finally {
            never.countDown();
        }
    }

    @Test
    void refreshes_manyAtOnceWithAddAndRemove_allEnd() {
        try (HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("well", Health::up))
                .interval(Duration.ofMillis(1))
                .concurrency(2)
                .build()
                .start()) {
            Flux.range(0, 2_000)
                    .flatMap(
                            number -> {
                                String name = "check " + number % 50;
                                if (!monitor.remove(name)) {
                                    try {
                                        monitor.add(HealthCheck.of(name, Health::up));
                                    } catch (IllegalArgumentException another) {
                                        assertThat(another).hasMessageContaining(name);
                                    }
                                }
                                return monitor.refresh();
                            },
                            8)
                    .subscribeOn(Schedulers.boundedElastic())
                    .blockLast(Duration.ofSeconds(20));
            assertThat(result(monitor, "well").status()).isEqualTo(HealthStatus.UP);
        }
    }
}
