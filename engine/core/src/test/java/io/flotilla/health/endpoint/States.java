package io.flotilla.health.endpoint;

import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Each state that a monitor can be in, and how endpoints of others have to show it. In virtual time. */
@SuppressWarnings("ImmutableEnumChecker") // functions without state
enum States {
    UP(Health::up, HealthStatus.UP, true, true, States::asks),
    DEGRADED(() -> Health.degraded("slow"), HealthStatus.DEGRADED, true, true, States::asks),
    DOWN(() -> Health.down("stuck"), HealthStatus.DOWN, false, false, States::asks),
    THROWS(States::fails, HealthStatus.DOWN, false, false, States::asks),
    NOT_ASKED(Health::up, HealthStatus.UNKNOWN, false, true, monitor -> {}),
    STALE(() -> Health.down("stuck"), HealthStatus.UNKNOWN, false, true, monitor -> {
        asks(monitor);
        VirtualTimeScheduler.get()
                .advanceTimeBy(HealthMonitor.DEFAULT_INTERVAL.multipliedBy(3).plusNanos(1));
    }),
    CLOSED(() -> Health.down("stuck"), HealthStatus.UNKNOWN, false, true, monitor -> {
        asks(monitor);
        monitor.close();
    });

    /** In an exception's message; never to be shown. */
    static final String SECRET = "hunter2";

    final HealthStatus status;
    final boolean isReady;
    final boolean isLive;
    private final Supplier<Health> reader;
    private final Consumer<HealthMonitor> history;

    States(
            Supplier<Health> reader,
            HealthStatus status,
            boolean isReady,
            boolean isLive,
            Consumer<HealthMonitor> history) {
        this.reader = reader;
        this.status = status;
        this.isReady = isReady;
        this.isLive = isLive;
        this.history = history;
    }

    private static Health fails() {
        throw new IllegalStateException("the password is " + SECRET);
    }

    private static void asks(HealthMonitor monitor) {
        monitor.refresh().block(Duration.ofSeconds(5));
    }

    /** A monitor in this state, of the check {@code reader} and one that may be down without harm. */
    HealthMonitor monitor() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("reader", reader))
                .check(HealthCheck.of("cache", Health::up).nonCritical())
                .build();
        history.accept(monitor);
        return monitor;
    }
}
