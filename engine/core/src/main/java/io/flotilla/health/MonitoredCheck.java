package io.flotilla.health;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A check in a monitor: its last result, what counts, and the call in flight. Guarded by the monitor's lock. */
final class MonitoredCheck {

    final HealthCheck check;
    private final Hysteresis hysteresis;
    private HealthStatus settled = HealthStatus.UNKNOWN;
    private @Nullable Health last;
    private @Nullable Instant lastAt;
    private long lastNanos;
    private Duration took = Duration.ZERO;

    /** The status that the last change has told of. */
    private HealthStatus told = HealthStatus.UNKNOWN;

    @Nullable CheckCall call;

    boolean isQueued;

    MonitoredCheck(HealthCheck check, Hysteresis hysteresis) {
        this.check = check;
        this.hysteresis = hysteresis;
    }

    /** Whether it may be called: it is not in flight, and its last call has not got stuck. */
    boolean isFree() {
        CheckCall running = call;
        return !isQueued && (running == null || (running.hasResult() && !running.isStuck()));
    }

    /** Whether its last call has a result, and holds a thread all the same. */
    boolean isStuck() {
        CheckCall running = call;
        return running != null && running.isStuck();
    }

    /** The monitor is closed. */
    void giveUp() {
        CheckCall running = call;
        if (running != null) {
            running.giveUp(Health.unknown("the monitor is closed"));
        }
    }

    void record(Health health, Duration duration, Instant at, long nanos) {
        settled = hysteresis.after(health.status());
        last = health;
        lastAt = at;
        lastNanos = nanos;
        took = duration;
    }

    private boolean isStale(long nanos, long staleNanos) {
        return last != null && nanos - lastNanos > staleNanos;
    }

    HealthStatus status(long nanos, long staleNanos) {
        return last == null || isStale(nanos, staleNanos) ? HealthStatus.UNKNOWN : settled;
    }

    CheckResult result(long nanos, long staleNanos) {
        return new CheckResult(
                check.name(),
                check.isCritical(),
                status(nanos, staleNanos),
                reason(nanos, staleNanos),
                last,
                lastAt,
                took);
    }

    private @Nullable String reason(long nanos, long staleNanos) {
        Health found = last;
        if (found == null) {
            return "not checked yet";
        }
        if (isStale(nanos, staleNanos)) {
            return "last checked " + Duration.ofNanos(nanos - lastNanos).toMillis() + " ms ago";
        }
        if (found.reason() != null || found.status() == settled) {
            return found.reason();
        }
        return "the last check found " + found.status(); // which does not count yet
    }

    /** What has changed since the last call of this; null for nothing. */
    @Nullable HealthChange change(Instant at, long nanos, long staleNanos) {
        HealthStatus now = status(nanos, staleNanos);
        if (now == told) {
            return null;
        }
        HealthChange change =
                new HealthChange(check.name(), check.isCritical(), told, now, reason(nanos, staleNanos), at);
        told = now;
        return change;
    }
}
