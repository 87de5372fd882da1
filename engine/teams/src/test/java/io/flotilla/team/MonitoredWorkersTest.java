package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import io.flotilla.message.Envelope;
import io.flotilla.message.Mailbox;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepHealth;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.subscriber.TestSubscriber;

/** A health monitor steers a manager's choice; mailboxes feed a health monitor. */
@Timeout(60)
class MonitoredWorkersTest extends VirtualTime {

    private static final Duration STUCK_AFTER = Duration.ofSeconds(30);

    private final Hand ann = new Hand("ann");
    private final Hand bob = new Hand("bob");
    private final StepHealth steps = StepHealth.stuckAfter(STUCK_AFTER);
    private final HealthMonitor monitor = HealthMonitor.builder()
            .check(steps.check("ann"))
            .check(steps.check("bob"))
            .failureThreshold(1)
            .successThreshold(1)
            .build();
    private final Manager<String, String> desk = Manager.<String, String>builder("desk")
            .worker(Worker.<String, String>of(ann, "write").concurrency(9))
            .worker(Worker.<String, String>of(bob, "write").concurrency(9))
            .engine(StepEngine.builder().interceptor(steps).noStepTimeout().build())
            .health(monitor::isUsable)
            .build();

    private void submit(String task) {
        desk.submit(task, "write").subscribe(TestSubscriber.<StepResult<String>>create());
        settle();
    }

    private HealthStatus look() {
        monitor.refresh().subscribe();
        settle();
        return Objects.requireNonNull(monitor.report().check("ann")).status();
    }

    @Test
    void health_ofAMonitor_aStuckWorkerGetsNoTasksUntilItIsBack() {
        submit("1");
        assertThat(ann.tasks).containsExactly("1");
        pass(STUCK_AFTER.plusNanos(1));
        assertThat(look()).isEqualTo(HealthStatus.DOWN);
        submit("2");
        submit("3");
        submit("4");
        assertThat(bob.tasks).as("although ann has less to do").containsExactly("2", "3", "4");
        ann.answer("done");
        settle();
        assertThat(look()).isEqualTo(HealthStatus.UP);
        pass(Manager.DEFAULT_HEALTH_INTERVAL);
        submit("5");
        assertThat(ann.tasks).containsExactly("1", "5");
    }

    @Test
    void mailbox_fill_isDegradedWhenNearlyAndDownWhenFull() {
        Mailbox mailbox = Mailbox.builder("inbox").capacity(5).build();
        HealthMonitor fill = HealthMonitor.builder()
                .check(HealthCheck.fill("inbox", () -> mailbox.stats().queued(), mailbox::capacity))
                .failureThreshold(1)
                .build();
        for (int message = 1; message <= 5; message++) {
            assertThat(mailbox.offer(
                                    Envelope.to("inbox", "hello").from(ann.id()).build())
                            .isAccepted())
                    .isTrue();
            fill.refresh().subscribe();
            settle();
            assertThat(Objects.requireNonNull(fill.report().check("inbox")).status())
                    .isEqualTo(
                            message < 4 ? HealthStatus.UP : message == 4 ? HealthStatus.DEGRADED : HealthStatus.DOWN);
        }
        mailbox.dispose();
    }
}
