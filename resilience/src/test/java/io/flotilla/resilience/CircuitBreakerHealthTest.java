package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import io.flotilla.step.StepEngine;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** Circuit breakers as health. */
@Timeout(30)
class CircuitBreakerHealthTest {

    private static final Duration OPEN_FOR = Duration.ofSeconds(30);
    private static final Agent<String, String> FAILING =
            Agent.of("a", (input, context) -> Mono.error(new IOException("boom")));
    private static final Agent<String, String> ANSWERING = Agent.of("a", (input, context) -> Mono.just("done"));
    private static final Agent<String, String> OTHER = Agent.of("b", (input, context) -> Mono.just("done"));
    private static final Agent<String, String> OTHER_FAILING =
            Agent.of("b", (input, context) -> Mono.error(new IOException("boom")));

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Resilience resilience = Resilience.builder()
            .circuitBreaker(CircuitBreakerPolicy.builder()
                    .slidingWindow(2, 2)
                    .openDuration(OPEN_FOR)
                    .halfOpenCalls(2, Duration.ofSeconds(10))
                    .build())
            .build();
    private final HealthMonitor monitor = HealthMonitor.builder()
            .source(resilience)
            .check(resilience.circuitBreakerCheck("a"))
            .failureThreshold(1)
            .successThreshold(1)
            .build();
    private final StepEngine engine =
            StepEngine.builder().interceptor(resilience).build();

    private Health found(String name) {
        monitor.refresh().block();
        return Objects.requireNonNull(
                Objects.requireNonNull(monitor.report().check(name)).last());
    }

    @Test
    void check_breakerOpenOnTrialAndClosed_isDownDegradedAndUp() {
        assertThat(found("circuit breakers")).isEqualTo(Health.up());
        assertThat(found("circuit breaker a")).isEqualTo(Health.up());
        start(engine, OTHER, 2);
        start(engine, FAILING, 2);
        assertThat(found("circuit breakers"))
                .isEqualTo(new Health(HealthStatus.DEGRADED, "open: a", Map.of("a", "OPEN", "b", "CLOSED")));
        assertThat(found("circuit breaker a"))
                .isEqualTo(Health.down("the circuit breaker is open").with("state", "OPEN"));
        time.passes(OPEN_FOR.minusNanos(1));
        assertThat(found("circuit breaker a").status()).isEqualTo(HealthStatus.DOWN);
        time.passes(Duration.ofNanos(1));
        assertThat(found("circuit breaker a"))
                .as("the next attempt is let through")
                .isEqualTo(Health.degraded("the circuit breaker is on trial").with("state", "OPEN"));
        assertThat(found("circuit breakers").reason()).isEqualTo("on trial: a");
        start(engine, ANSWERING);
        assertThat(found("circuit breaker a").details()).containsEntry("state", "HALF_OPEN");
        assertThat(found("circuit breaker a").status()).isEqualTo(HealthStatus.DEGRADED);
        start(engine, ANSWERING);
        assertThat(found("circuit breaker a").status()).isEqualTo(HealthStatus.UP);
        assertThat(found("circuit breakers").status()).isEqualTo(HealthStatus.UP);
    }

    @Test
    void check_allOpen_isDownAndTheWholeDegraded() {
        start(engine, FAILING, 2);
        start(engine, OTHER_FAILING, 2);
        assertThat(found("circuit breakers").status()).isEqualTo(HealthStatus.DOWN);
        assertThat(found("circuit breakers").reason()).isEqualTo("all are open: a, b");
        assertThat(resilience.healthChecks()).singleElement().matches(check -> !check.isCritical());
        assertThat(resilience.circuitBreakerCheck("a").isCritical()).isTrue();
        HealthMonitor another = HealthMonitor.builder().source(resilience).build();
        assertThat(Objects.requireNonNull(another.refresh().block()).status()).isEqualTo(HealthStatus.DEGRADED);
    }

    @Test
    void check_withoutBreakers_isUp() {
        Resilience plain = Resilience.builder().build();
        start(engine(Resilience.builder()), ANSWERING);
        HealthCheck check = plain.healthChecks().get(0);
        HealthMonitor another = HealthMonitor.builder().check(check).build();
        assertThat(Objects.requireNonNull(another.refresh().block()).status()).isEqualTo(HealthStatus.UP);
        assertThatThrownBy(() -> plain.circuitBreakerCheck("a\nb")).isInstanceOf(IllegalArgumentException.class);
    }
}
