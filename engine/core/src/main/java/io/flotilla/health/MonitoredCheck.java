package io.flotilla.health;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A check in a monitor: its last result, what counts, and the call in flight. Guarded by the monitor's lock, but for {@link
 * #status}.
 */
final class MonitoredCheck {

    private static final String CLOSED = "the monitor is closed";

    final HealthCheck check;
    private final Hysteresis hysteresis;

    /** Written under the lock. */
    private volatile @Nullable Found found;

    /** What the last call has found. */
    private record Found(HealthStatus settled, Health last, Instant at, long nanos, Duration took) {

        boolean isStale(long now, long staleNanos) {
            return now - nanos > staleNanos;
        }
    }

    /** The status that the last change has told of. */
    private HealthStatus told = HealthStatus.UNKNOWN;

    @Nullable CheckCall call;

    boolean isQueued;

    MonitoredCheck(HealthCheck check, Hysteresis hysteresis) {
        this.check = check;
        this.hysteresis = hysteresis;
    }

    /** Whether one that is not stuck may be called: it is not in flight. */
    boolean isFree() {
        CheckCall running = call;
        return !isQueued && (running == null || running.hasResult());
    }

    /** Whether its last call has a result, and holds a thread all the same. */
    boolean isStuck() {
        CheckCall running = call;
        return running != null && running.isStuck();
    }

    /** The monitor is closed. */
    void close() {
        CheckCall running = call;
        if (running != null) {
            running.giveUp(Health.unknown(CLOSED));
        }
    }

    void record(Health health, Duration duration, Instant at, long nanos) {
        found = new Found(hysteresis.after(health.status()), health, at, nanos, duration);
    }

    /** On any thread. What it has found says nothing of now if the monitor is closed. */
    HealthStatus status(boolean isClosed, long nanos, long staleNanos) {
        Found last = found;
        return isClosed || last == null || last.isStale(nanos, staleNanos) ? HealthStatus.UNKNOWN : last.settled();
    }

    CheckResult result(boolean isClosed, long nanos, long staleNanos) {
        Found result = found;
        return new CheckResult(
                check.name(),
                check.isCritical(),
                status(isClosed, nanos, staleNanos),
                reason(isClosed, nanos, staleNanos),
                result == null ? null : result.last(),
                result == null ? null : result.at(),
                result == null ? Duration.ZERO : result.took());
    }

    private @Nullable String reason(boolean isClosed, long nanos, long staleNanos) {
        if (isClosed) {
            return CLOSED;
        }
        Found result = found;
        if (result == null) {
            return "not checked yet";
        }
        if (result.isStale(nanos, staleNanos)) {
            return "last checked " + Duration.ofNanos(nanos - result.nanos()).toMillis() + " ms ago";
        }
        Health last = result.last();
        if (last.reason() != null || last.status() == result.settled()) {
            return last.reason();
        }
        return "the last check found " + last.status(); // which does not count yet
    }

    /** What has changed since the last call of this; null for nothing. Not of a closed monitor. */
    @Nullable HealthChange change(Instant at, long nanos, long staleNanos) {
        HealthStatus now = status(false, nanos, staleNanos);
        if (now == told) {
            return null;
        }
        HealthChange change =
                new HealthChange(check.name(), check.isCritical(), told, now, reason(false, nanos, staleNanos), at);
        told = now;
        return change;
    }
}
