package io.flotilla.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a monitor makes of its checks, in virtual time. */
@Timeout(30)
class HealthMonitorTest {

    private static final Duration INTERVAL = HealthMonitor.DEFAULT_INTERVAL;
    private static final Duration NANO = Duration.ofNanos(1);

    @RegisterExtension
    final VirtualHealth time = new VirtualHealth();

    private volatile Health journal = Health.up();
    private final HealthCheck check = HealthCheck.of("journal", () -> journal);

    private static HealthMonitor.Builder one(HealthCheck check) {
        return HealthMonitor.builder().check(check);
    }

    private static CheckResult result(HealthMonitor monitor, String name) {
        return Objects.requireNonNull(monitor.report().check(name));
    }

    private static HealthStatus status(HealthMonitor monitor) {
        return monitor.report().status();
    }

    // --- asking

    @Test
    void report_beforeTheStart_isUnknown() {
        HealthMonitor monitor = one(check).build();
        time.passes(Duration.ofHours(1));
        assertThat(status(monitor)).isEqualTo(HealthStatus.UNKNOWN);
        assertThat(monitor.report().isReady()).isFalse();
        assertThat(result(monitor, "journal").reason()).isEqualTo("not checked yet");
        assertThat(monitor.report().check("other")).isNull();
        assertThat(status(HealthMonitor.builder().build())).as("without checks").isEqualTo(HealthStatus.UP);
    }

    @Test
    void start_asksAtOnceAndThenOnceAnInterval() {
        AtomicInteger asked = new AtomicInteger();
        HealthMonitor monitor = one(HealthCheck.of("counted", () -> {
                    asked.incrementAndGet();
                    return Health.up();
                }))
                .interval(Duration.ofSeconds(7))
                .build()
                .start()
                .start();
        assertThat(asked).hasValue(1);
        time.passes(Duration.ofSeconds(7).minus(NANO));
        assertThat(asked).hasValue(1);
        time.passes(NANO);
        assertThat(asked).hasValue(2);
        monitor.close();
        monitor.close();
        time.passes(Duration.ofHours(1));
        assertThat(asked).hasValue(2);
        assertThatThrownBy(monitor::start).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void status_firstResult_countsAtOnceAndLaterOnesWhenThereAreEnough() {
        journal = Health.down("poisoned");
        HealthMonitor monitor = one(check).build().start();
        assertThat(status(monitor)).isEqualTo(HealthStatus.DOWN);
        assertThat(result(monitor, "journal").reason()).isEqualTo("poisoned");
        journal = Health.up();
        time.passes(INTERVAL);
        assertThat(status(monitor)).as("one good result").isEqualTo(HealthStatus.DOWN);
        assertThat(result(monitor, "journal").reason()).isEqualTo("the last check found UP");
        time.passes(INTERVAL);
        assertThat(status(monitor)).as("two").isEqualTo(HealthStatus.UP);
    }

    @Test
    void thresholds_others_areObeyed() {
        HealthMonitor monitor =
                one(check).failureThreshold(3).successThreshold(1).build().start();
        journal = Health.down("poisoned");
        time.passes(INTERVAL.multipliedBy(2));
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
        time.passes(INTERVAL);
        assertThat(status(monitor)).isEqualTo(HealthStatus.DOWN);
        journal = Health.up();
        time.passes(INTERVAL);
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
    }

    @Test
    void staleAfter_aMonitorThatAsksNoMore_knowsNothing() {
        HealthMonitor monitor = one(check).staleAfter(Duration.ofSeconds(45)).build();
        monitor.refresh().block();
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
        time.passes(Duration.ofSeconds(45));
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
        time.passes(NANO);
        assertThat(status(monitor)).isEqualTo(HealthStatus.UNKNOWN);
        assertThat(result(monitor, "journal").reason()).isEqualTo("last checked 45000 ms ago");
        assertThat(monitor.isUsable("journal"))
                .as("who knows nothing stops nobody")
                .isTrue();
        HealthMonitor byDefault = one(HealthCheck.of("journal", Health::up)).build();
        byDefault.refresh().block();
        time.passes(INTERVAL.multipliedBy(3));
        assertThat(status(byDefault)).as("three intervals").isEqualTo(HealthStatus.UP);
        time.passes(NANO);
        assertThat(status(byDefault)).isEqualTo(HealthStatus.UNKNOWN);
    }

    @Test
    void concurrency_more_waitForTheirTurn() {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        HealthMonitor.Builder builder = HealthMonitor.builder().concurrency(3);
        for (int number = 0; number < 10; number++) {
            builder.check(HealthCheck.reactive("slow " + number, () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                return Mono.delay(Duration.ofSeconds(1)).map(tick -> {
                    running.decrementAndGet();
                    return Health.up();
                });
            }));
        }
        HealthMonitor monitor = builder.build().start();
        time.passes(Duration.ofSeconds(4).minus(NANO));
        assertThat(status(monitor)).isEqualTo(HealthStatus.UNKNOWN);
        time.passes(NANO);
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
        assertThat(most).hasValue(3);
    }

    @Test
    void addAndRemove_whileItRuns_takeEffect() {
        HealthMonitor monitor = one(check).build().start();
        monitor.add(HealthCheck.of("late", () -> Health.down("no")));
        assertThat(status(monitor)).isEqualTo(HealthStatus.UNKNOWN);
        time.passes(INTERVAL);
        assertThat(status(monitor)).isEqualTo(HealthStatus.DOWN);
        assertThat(monitor.remove("late")).isTrue();
        assertThat(monitor.remove("late")).isFalse();
        assertThat(status(monitor)).isEqualTo(HealthStatus.UP);
        assertThatThrownBy(() -> monitor.add(check)).hasMessage("there are two checks of the name journal");
        assertThat(monitor).hasToString("HealthMonitor[1 checks, UP]");
    }

    // --- checks that misbehave

    @Test
    void check_thatThrowsFailsOrIsNull_isDownWithItsClassOnly() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("throws", () -> {
                    throw new IllegalStateException("secret");
                }))
                .check(HealthCheck.reactive("fails", () -> Mono.error(new IOException("secret"))))
                .check(HealthCheck.reactive("fatal", () -> {
                    throw new NoClassDefFoundError("secret");
                }))
                .check(HealthCheck.reactive("none", () -> null))
                .check(HealthCheck.of("null", () -> null))
                .check(HealthCheck.reactive(
                        "deep",
                        () -> Mono.fromCallable(() -> {
                            throw new StackOverflowError("secret");
                        })))
                .check(HealthCheck.reactive("empty", Mono::empty))
                .build()
                .start();
        assertThat(monitor.report().checks().stream().map(one -> one.name() + " " + one.status() + " " + one.reason()))
                .containsExactly(
                        "throws DOWN the check failed: java.lang.IllegalStateException",
                        "fails DOWN the check failed: java.io.IOException",
                        "fatal DOWN the check failed: java.lang.NoClassDefFoundError",
                        "none DOWN the check failed: java.lang.NullPointerException",
                        "null DOWN the check failed: java.lang.NullPointerException",
                        "deep DOWN the check failed: java.lang.StackOverflowError",
                        "empty UP null");
        assertThat(monitor.report().toMap().toString()).doesNotContain("secret");
    }

    @Test
    void timeout_aCheckThatNeverEnds_isDownRightAfterItAndCancelled() {
        AtomicBoolean cancelled = new AtomicBoolean();
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.reactive("silent", () -> Mono.<Health>never().doOnCancel(() -> cancelled.set(true)))
                        .timeout(Duration.ofSeconds(2)))
                .check(check)
                .build()
                .start();
        assertThat(result(monitor, "journal").status()).as("others do not wait").isEqualTo(HealthStatus.UP);
        time.passes(Duration.ofSeconds(2).minus(NANO));
        assertThat(result(monitor, "silent").status()).isEqualTo(HealthStatus.UNKNOWN);
        assertThat(cancelled).isFalse();
        time.passes(NANO);
        assertThat(result(monitor, "silent").reason()).isEqualTo("no answer within 2000 ms");
        assertThat(result(monitor, "silent").took()).isEqualTo(Duration.ofSeconds(2));
        assertThat(cancelled).isTrue();
    }

    @Test
    void timeout_longerThanTheInterval_isNotAskedTwice() {
        AtomicInteger asked = new AtomicInteger();
        HealthMonitor monitor = one(HealthCheck.reactive("slow", () -> {
                            asked.incrementAndGet();
                            return Mono.<Health>never();
                        })
                        .timeout(Duration.ofSeconds(25)))
                .build()
                .start();
        time.passes(Duration.ofSeconds(25));
        assertThat(asked).hasValue(1);
        assertThat(status(monitor)).isEqualTo(HealthStatus.DOWN);
        time.passes(Duration.ofSeconds(5));
        assertThat(asked).hasValue(2);
    }

    // --- what comes of it

    @Test
    void critical_onlyCriticalChecksTakeTheWholeDown() {
        for (HealthStatus part : HealthStatus.values()) {
            HealthStatus critical = whole(part, true);
            HealthStatus other = whole(part, false);
            assertThat(critical).isEqualTo(part);
            assertThat(other).isEqualTo(part == HealthStatus.UP ? HealthStatus.UP : HealthStatus.DEGRADED);
        }
    }

    private static HealthStatus whole(HealthStatus part, boolean critical) {
        HealthCheck one = HealthCheck.of("part", () -> new Health(part, null, Map.of()));
        return Objects.requireNonNull(HealthMonitor.builder()
                        .check(critical ? one.nonCritical().critical() : one.nonCritical())
                        .check(HealthCheck.of("well", Health::up))
                        .build()
                        .refresh()
                        .block())
                .status();
    }

    @Test
    void changes_ofStatus_areToldOnceInOrderAndEndWithTheMonitor() {
        HealthMonitor monitor = one(check).build();
        List<String> first = new ArrayList<>();
        monitor.changes().subscribe(change -> first.add(change.toString()), failure -> {}, () -> first.add("end"));
        monitor.changes()
                .subscribe(
                        change -> {
                            throw new IllegalStateException("a subscriber of its own kind");
                        },
                        failure -> {});
        monitor.start();
        journal = Health.down("poisoned");
        time.passes(INTERVAL.multipliedBy(5));
        journal = Health.degraded("slow");
        time.passes(INTERVAL.multipliedBy(5));
        monitor.close();
        assertThat(first)
                .containsExactly(
                        "journal UNKNOWN -> UP",
                        "journal UP -> DOWN: poisoned",
                        "journal DOWN -> DEGRADED: slow",
                        "end");
        StepVerifier.create(monitor.changes()).verifyComplete();
    }

    @Test
    void changes_slowSubscriber_losesItsOldestOnly() {
        HealthMonitor monitor =
                one(check).failureThreshold(1).successThreshold(1).build();
        List<HealthChange> seen = new ArrayList<>();
        BaseSubscriber<HealthChange> slow = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                // asks for nothing yet
            }

            @Override
            protected void hookOnNext(HealthChange change) {
                seen.add(change);
            }
        };
        monitor.changes().subscribe(slow);
        monitor.start();
        IntStream.range(0, 400).forEach(number -> {
            journal = number % 2 == 0 ? Health.down("number " + number) : Health.up();
            time.passes(INTERVAL);
        });
        assertThat(seen).isEmpty();
        slow.requestUnbounded();
        assertThat(seen).hasSizeBetween(256, 258);
        assertThat(seen.get(seen.size() - 2).reason())
                .as("the newest are there")
                .isEqualTo("number 398");
    }

    @Test
    void refresh_asksAllAndHasTheReportWhenAllHaveAnswered() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(check)
                .check(HealthCheck.reactive(
                        "slow", () -> Mono.delay(Duration.ofSeconds(3)).thenReturn(Health.up())))
                .build();
        List<HealthReport> reports = new ArrayList<>();
        monitor.refresh().subscribe(reports::add);
        monitor.refresh().subscribe(reports::add);
        monitor.refresh().subscribe(reports::add).dispose();
        time.passes(Duration.ofSeconds(3).minus(NANO));
        assertThat(reports).isEmpty();
        time.passes(NANO);
        assertThat(reports).hasSize(2).allMatch(HealthReport::isReady);
        assertThat(Objects.requireNonNull(
                                HealthMonitor.builder().build().refresh().block())
                        .checks())
                .isEmpty();
    }

    @Test
    void refresh_closedMeanwhile_fails() {
        HealthMonitor monitor = one(HealthCheck.reactive("silent", Mono::never)).build();
        StepVerifier.create(monitor.refresh()).then(monitor::close).verifyError(IllegalStateException.class);
        StepVerifier.create(monitor.refresh()).verifyError(IllegalStateException.class);
    }

    @Test
    void report_ofAClosedMonitor_isUnknownAtOnce() {
        journal = Health.down("poisoned");
        HealthMonitor monitor = one(check).build().start();
        assertThat(monitor.isUsable("journal")).isFalse();
        monitor.close();
        assertThat(status(monitor)).isEqualTo(HealthStatus.UNKNOWN);
        assertThat(result(monitor, "journal").reason()).isEqualTo("the monitor is closed");
        assertThat(result(monitor, "journal").last()).isEqualTo(journal);
        assertThat(monitor.isUsable("journal")).isTrue();
        monitor.add(HealthCheck.of("late", Health::up));
        assertThat(result(monitor, "late").reason()).as("added after that").isEqualTo("the monitor is closed");
    }

    @Test
    void isUsable_onlyWhatIsDownIsNot() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("reader#1", () -> Health.down("stuck")))
                .check(HealthCheck.of("reader", () -> Health.degraded("slow")))
                .check(HealthCheck.of("writer", () -> Health.down("stuck")))
                .build();
        assertThat(monitor.isUsable("writer")).as("not checked yet").isTrue();
        monitor.refresh().block();
        assertThat(monitor.isUsable("writer")).isFalse();
        assertThat(monitor.isUsable("nobody")).isTrue();
        assertThat(monitor.isUsable(AgentId.of("reader", 1))).isFalse();
        assertThat(monitor.isUsable(AgentId.of("reader", 2))).isTrue();
        assertThat(monitor.isUsable(AgentId.of("writer", 5))).as("its kind").isFalse();
    }

    @Test
    void toMap_aReport_hasTheFormOfMicroProfileHealth() {
        journal = Health.degraded("slow").with("lagMs", 17).with("files", List.of(1, 2));
        HealthMonitor monitor =
                one(check.nonCritical()).check(HealthCheck.of("x", Health::up)).build();
        assertThat(HealthMonitor.builder().check(check).build().report().toMap().toString())
                .isEqualTo(
                        "{status=UNKNOWN, ready=false, at=1970-01-01T00:00:00Z, checks=[{name=journal, status=UNKNOWN, "
                                + "critical=true, data={reason=not checked yet}}]}");
        monitor.refresh().block();
        assertThat(monitor.report().toMap().toString())
                .isEqualTo("{status=DEGRADED, ready=true, at=1970-01-01T00:00:00Z, checks=["
                        + "{name=journal, status=DEGRADED, critical=false, data={lagMs=17, files=[1, 2], reason=slow, "
                        + "checkedAt=1970-01-01T00:00:00Z, tookMs=0}}, "
                        + "{name=x, status=UP, critical=true, data={checkedAt=1970-01-01T00:00:00Z, tookMs=0}}]}");
    }

    /** Names are values in the form, never keys; what they look like is the matter of who writes the JSON. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"}],\"status\":\"UP",
                "a\\b/c",
                "<script>",
                "__proto__",
                "status",
                "\u2028\u202e",
                "\ud83d\ude80",
                "é è",
                "%s {}"
            })
    void toMap_oddNames_areValuesAsTheyAre(String name) {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of(name, () -> Health.down(name).with(name, name)))
                .check(HealthCheck.worstOf("all", HealthCheck.of(name, Health::up)))
                .build();
        monitor.refresh().block();

        Map<String, Object> map = monitor.report().toMap();

        assertThat(map).containsOnlyKeys("status", "ready", "at", "checks").containsEntry("status", "DOWN");
        assertThat((List<?>) map.get("checks"))
                .first(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsOnlyKeys("name", "status", "critical", "data")
                .containsEntry("name", name)
                .extractingByKey("data", InstanceOfAssertFactories.map(String.class, Object.class))
                .containsEntry("reason", name)
                .containsEntry(name, name)
                .containsKeys("checkedAt", "tookMs");
        assertThat(monitor.isUsable(name)).isFalse();
        assertThat(monitor.report().check(name)).isNotNull();
        assertThat(monitor.remove(name)).isTrue();
    }

    @Test
    void manyChecks_allAtOnce_areAllAnswered() {
        HealthMonitor.Builder builder = HealthMonitor.builder();
        for (int number = 0; number < 10_000; number++) {
            int mine = number;
            builder.check(HealthCheck.of("check " + number, () -> mine % 100 == 0 ? Health.down("no") : Health.up())
                    .nonCritical());
        }
        HealthReport report = Objects.requireNonNull(builder.build().refresh().block());
        assertThat(report.checks()).hasSize(10_000);
        assertThat(report.checks().stream().filter(one -> one.status() == HealthStatus.DOWN))
                .hasSize(100);
        assertThat(report.status()).isEqualTo(HealthStatus.DEGRADED);
    }
}
