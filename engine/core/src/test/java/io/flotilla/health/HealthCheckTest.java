package io.flotilla.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Checks, their settings, and what is refused. */
class HealthCheckTest {

    private static final HealthCheck CHECK = HealthCheck.of("disk", Health::up);

    @Test
    void check_byDefault_isCriticalAndHasFiveSeconds() {
        assertThat(CHECK.name()).isEqualTo("disk");
        assertThat(CHECK.isCritical()).isTrue();
        assertThat(CHECK.timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(CHECK).hasToString("HealthCheck[disk, critical]");
        assertThat(CHECK.nonCritical()).hasToString("HealthCheck[disk]");
        assertThat(CHECK.timeout(Duration.ofSeconds(1)).timeout()).isEqualTo(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "a\nb", "a\u0007"})
    void name_blankOrWithControlCharacters_isRefused(String name) {
        assertThatThrownBy(() -> HealthCheck.of(name, Health::up))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be 1 to 200 characters")
                .hasMessageMatching("[^\\p{Cntrl}]+");
    }

    @Test
    void name_atItsBound_isTakenAndAboveRefused() {
        assertThat(HealthCheck.of("n".repeat(200), Health::up).name()).hasSize(200);
        assertThatThrownBy(() -> HealthCheck.of("n".repeat(201), Health::up))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT2562047788H"})
    void timeout_outOfBounds_isRefused(Duration timeout) {
        assertThatThrownBy(() -> CHECK.timeout(timeout))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout must be > 0 and <= PT2562047H47M16.854775807S, was " + timeout);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 10, UP,",
        "7, 10, UP,",
        "8, 10, DEGRADED, nearly full: 8 of 10 in use",
        "9, 10, DEGRADED, nearly full: 9 of 10 in use",
        "10, 10, DOWN, full: 10 of 10 in use",
        "11, 10, DOWN, full: 11 of 10 in use",
        "5, 0, UP,"
    })
    void fill_ofABound_isDegradedWhenNearlyAndDownWhenFull(
            long used, long capacity, HealthStatus status, String reason) {
        HealthCheck fill = HealthCheck.fill("mailbox", () -> used, () -> capacity);
        Health found = Objects.requireNonNull(fill.ask().block());
        assertThat(found.status()).isEqualTo(status);
        assertThat(found.reason()).isEqualTo(reason);
        assertThat(found.details()).containsEntry("used", used);
        assertThat(fill.isCritical()).isFalse();
    }

    @Test
    void worstOf_several_isTheWorstWithItsName() {
        HealthCheck all = HealthCheck.worstOf(
                "reader",
                HealthCheck.of("steps", () -> Health.degraded("slow")),
                HealthCheck.reactive("ping", Mono::empty),
                HealthCheck.of("breaker", () -> Health.down("open")),
                HealthCheck.of("other", () -> Health.down("later")));
        assertThat(all.ask().block())
                .isEqualTo(new Health(
                        HealthStatus.DOWN,
                        "breaker: open",
                        Map.of("steps", "DEGRADED", "ping", "UP", "breaker", "DOWN", "other", "DOWN")));
        assertThat(HealthCheck.worstOf("none").ask().block()).isEqualTo(Health.up());
    }

    @Test
    void details_ofAnyKind_areTextsNumbersAndBooleans() {
        Map<String, Object> given = new HashMap<>();
        given.put("text", "a");
        given.put("number", 1);
        given.put("flag", true);
        given.put("other", Duration.ofSeconds(1));
        given.put("none", null);
        AtomicLong counter = new AtomicLong(7);
        given.put("counter", counter);
        given.put("big", new BigDecimal("1.50"));
        given.put("share", 0.5);
        given.put("NaN", Double.NaN);
        given.put("infinite", Float.NEGATIVE_INFINITY);
        Health health = new Health(HealthStatus.UP, null, given);
        counter.set(8);
        assertThat(health.details())
                .as("what changes, or has no form in JSON, is a text")
                .isEqualTo(Map.of(
                        "text",
                        "a",
                        "number",
                        1,
                        "flag",
                        true,
                        "other",
                        "PT1S",
                        "counter",
                        "7",
                        "share",
                        0.5,
                        "NaN",
                        "NaN",
                        "infinite",
                        "-Infinity",
                        "big",
                        new BigDecimal("1.50")));
        assertThatThrownBy(() -> Health.up().details().put("more", 1))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(Health.unknown("who knows").status()).isEqualTo(HealthStatus.UNKNOWN);
    }

    @Test
    void builder_badSettings_areRefusedWithTheirBounds() {
        HealthMonitor.Builder builder = HealthMonitor.builder();
        assertThatThrownBy(() -> builder.interval(Duration.ZERO)).hasMessageStartingWith("interval must be > 0");
        assertThatThrownBy(() -> builder.staleAfter(Duration.ZERO)).hasMessageStartingWith("staleAfter must be > 0");
        assertThatThrownBy(() -> builder.failureThreshold(0))
                .hasMessage("failureThreshold must be >= 1 and <= 1000, was 0");
        assertThatThrownBy(() -> builder.successThreshold(1001))
                .hasMessage("successThreshold must be >= 1 and <= 1000, was 1001");
        assertThatThrownBy(() -> builder.concurrency(0)).hasMessage("concurrency must be >= 1 and <= 1000, was 0");
        assertThatThrownBy(
                        () -> HealthMonitor.builder().check(CHECK).check(CHECK).build())
                .hasMessage("there are two checks of the name disk");
        assertThatThrownBy(() -> HealthMonitor.builder()
                        .interval(Duration.ofSeconds(5))
                        .staleAfter(Duration.ofSeconds(4))
                        .build())
                .hasMessage("staleAfter must be >= the interval of PT5S, was PT4S");
        assertThat(HealthMonitor.builder().interval(Duration.ofDays(100_000)).build())
                .isNotNull();
    }

    @Test
    void source_ofSeveral_areAllThere() {
        HealthMonitor monitor = HealthMonitor.builder()
                .source(() -> List.of(CHECK, HealthCheck.of("net", Health::up)))
                .build();
        assertThat(monitor.report().checks().stream().map(CheckResult::name)).containsExactly("disk", "net");
    }
}
