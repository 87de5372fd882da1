package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** The health of agents by the steps that settle. */
@Timeout(30)
class StepHealthTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Agent<String, String> SILENT = Agent.of("reader#1", (input, context) -> Mono.never());
    private static final Agent<String, String> QUICK = Agent.of("reader#2", (input, context) -> Mono.just("done"));

    private final StepHealth steps = StepHealth.stuckAfter(LIMIT);

    @BeforeEach
    void virtualTime() {
        UndisturbedTime.begin();
    }

    @AfterEach
    void realTime() {
        VirtualTimeScheduler.reset();
    }

    private static void passes(Duration time) {
        VirtualTimeScheduler.get().advanceTimeBy(time);
    }

    private StepEngine.Builder engine() {
        return StepEngine.builder().interceptor(steps).noStepTimeout();
    }

    private HealthMonitor monitor(String... agents) {
        HealthMonitor.Builder monitor =
                HealthMonitor.builder().failureThreshold(1).successThreshold(1);
        for (String agent : agents) {
            monitor.check(steps.check(agent));
        }
        return monitor.build();
    }

    private static HealthStatus status(HealthMonitor monitor, String agent) {
        monitor.refresh().block();
        return Objects.requireNonNull(monitor.report().check(agent)).status();
    }

    @Test
    void check_anAgentWhoseStepHangs_isDownAndItsKindIsWellWhileOthersOfItEnd() {
        HealthMonitor monitor = monitor("reader#1", "reader#2", "reader");
        StepEngine engine = engine().build();
        Disposable hanging = engine.run(List.of(SILENT), "x").subscribe();
        for (int second = 0; second < 31; second++) {
            passes(Duration.ofSeconds(1));
            engine.run(List.of(QUICK), "x").subscribe();
        }
        assertThat(status(monitor, "reader#1")).isEqualTo(HealthStatus.DOWN);
        assertThat(status(monitor, "reader#2")).isEqualTo(HealthStatus.UP);
        assertThat(status(monitor, "reader")).isEqualTo(HealthStatus.DEGRADED);
        assertThat(monitor.isUsable(AgentId.of("reader", 1))).isFalse();
        assertThat(monitor.isUsable(AgentId.of("reader", 2))).isTrue();
        hanging.dispose();
        passes(LIMIT.plusNanos(1));
        assertThat(status(monitor, "reader#1")).as("to be tried again").isEqualTo(HealthStatus.UP);
    }

    @Test
    void check_anAgentWhoseTimerTicksWhileItsWorkHangs_isDown() {
        HealthMonitor monitor = monitor("reader");
        Disposable timer = Flux.interval(Duration.ofSeconds(1)).subscribe();
        engine().build().run(List.of(SILENT), "x").subscribe();
        passes(LIMIT);
        assertThat(status(monitor, "reader")).isEqualTo(HealthStatus.UP);
        passes(Duration.ofNanos(1));
        assertThat(status(monitor, "reader")).isEqualTo(HealthStatus.DOWN);
        timer.dispose();
    }

    @Test
    void check_stepsThatTimeOutOneAfterAnother_areNoProgress() {
        HealthMonitor monitor = monitor("reader");
        StepEngine engine = StepEngine.builder()
                .interceptor(steps)
                .stepTimeout(Duration.ofSeconds(5))
                .build();
        for (int step = 0; step < 7; step++) {
            engine.run(List.of(SILENT), "x").subscribe();
            passes(Duration.ofSeconds(5));
        }
        assertThat(status(monitor, "reader")).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void check_stepsThatFail_areProgressUnlessTheyTimeOutOrAreRefused() {
        HealthMonitor monitor = monitor("a", "b", "c");
        StepEngine engine = engine().build();
        Agent<String, String> failing = Agent.of("a", (input, context) -> Mono.error(new IOException("no")));
        Agent<String, String> late = Agent.of("b", (input, context) -> Mono.error(new TimeoutException("late")));
        Agent<String, String> refused = Agent.of(
                "c", (input, context) -> Mono.error(new StepRejectedException("breaker", "open", Duration.ZERO)));
        for (int second = 0; second < 31; second++) {
            engine.run(List.of(failing, late, refused), "x").subscribe();
            passes(Duration.ofSeconds(1));
        }
        assertThat(status(monitor, "a")).isEqualTo(HealthStatus.UP);
        assertThat(status(monitor, "b")).isEqualTo(HealthStatus.DOWN);
        assertThat(status(monitor, "c")).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void aroundStep_ofAgentsWithoutACheck_leavesTheStepAsItIs() {
        assertThat(engine().build().run(List.of(SILENT, QUICK), "x")).isNotNull();
        assertThat(steps.check("writer").name()).isEqualTo("writer");
        StepReport<String> report = Objects.requireNonNull(
                engine().build().run(List.of(QUICK, QUICK), "x").block());
        assertThat(report.values()).containsExactly("done", "done");
    }

    @Test
    void permits_queueOfTheEngine_isDegradedWhenNearlyFullAndDownWhenFull() {
        StepEngine engine = StepEngine.builder()
                .maxInFlight(InFlightLimit.of(1).maxQueued(5))
                .noStepTimeout()
                .build();
        HealthCheck backlog = StepHealth.permits("backlog", engine);
        HealthMonitor monitor =
                HealthMonitor.builder().check(backlog).failureThreshold(1).build();
        assertThat(backlog.isCritical()).isFalse();
        engine.run(List.of(SILENT), "x").subscribe();
        assertThat(status(monitor, "backlog")).isEqualTo(HealthStatus.UP);
        Collections.nCopies(4, SILENT)
                .forEach(agent -> engine.run(List.of(agent), "x").subscribe());
        assertThat(status(monitor, "backlog")).isEqualTo(HealthStatus.DEGRADED);
        engine.run(List.of(SILENT), "x").subscribe();
        assertThat(status(monitor, "backlog")).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void badInput_isRefused() {
        assertThatThrownBy(() -> StepHealth.stuckAfter(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> steps.check(" ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () -> StepHealth.permits("backlog", StepEngine.builder().build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the engine has no maxInFlight");
    }
}
