package io.flotilla.health;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The checks of a monitor, those that are being asked, those that wait for their turn, and who waits for them. One lock guards all of
 * it; under it no code of users runs, and nothing blocks.
 */
final class HealthRounds {

    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);

    private final long staleNanos;
    private final int failureThreshold;
    private final int successThreshold;
    private final int concurrency;
    private final HealthChanges changes = new HealthChanges();

    /** The same as {@link #checks}, for those who choose a route by each message, and do not wait for the lock. */
    private final Map<String, MonitoredCheck> byName = new ConcurrentHashMap<>();

    /** Written under the lock. */
    private volatile boolean isClosed;

    // Guarded by this.
    private final Map<String, MonitoredCheck> checks = new LinkedHashMap<>();
    private final Deque<MonitoredCheck> queue = new ArrayDeque<>();
    private final List<Refresh> refreshes = new ArrayList<>();
    private int running;

    /** Somebody who waits for these. */
    private record Refresh(Set<MonitoredCheck> open, MonoSink<HealthReport> sink) {}

    HealthRounds(Duration staleAfter, int failureThreshold, int successThreshold, int concurrency) {
        this.staleNanos = staleAfter.toNanos();
        this.failureThreshold = failureThreshold;
        this.successThreshold = successThreshold;
        this.concurrency = concurrency;
    }

    HealthChanges changes() {
        return changes;
    }

    synchronized void add(HealthCheck check) {
        if (checks.containsKey(check.name())) {
            throw new IllegalArgumentException("there are two checks of the name " + check.name());
        }
        MonitoredCheck added = new MonitoredCheck(check, new Hysteresis(failureThreshold, successThreshold));
        checks.put(check.name(), added);
        byName.put(check.name(), added);
    }

    synchronized boolean remove(String name) {
        byName.remove(Objects.requireNonNull(name, "name"));
        return checks.remove(name) != null;
    }

    /** Asks all of them: as many as may run now, the others later. */
    void ask() {
        List<HealthChange> told = new ArrayList<>();
        enqueue(null, told);
        log(told);
        startQueued();
    }

    /**
     * Puts those that are free into the queue. In the same moment it is said what a refresh waits for: a check that is removed, or
     * found stuck, after one and before the other would never answer it.
     *
     * @return for how many it waits; less than zero if the monitor is closed
     */
    private synchronized int enqueue(@Nullable Refresh refresh, List<HealthChange> told) {
        if (isClosed) {
            return -1;
        }
        List<MonitoredCheck> awaited = new ArrayList<>();
        for (MonitoredCheck one : checks.values()) {
            if (one.isStuck()) {
                record(one, Health.down("its last call has not ended, and holds a thread"), Duration.ZERO);
            } else {
                awaited.add(one);
                if (one.isFree()) {
                    one.isQueued = true;
                    queue.add(one);
                }
            }
            tell(one, told);
        }
        if (refresh != null && !awaited.isEmpty()) {
            refresh.open().addAll(awaited);
            refreshes.add(refresh);
        }
        return awaited.size();
    }

    private void startQueued() {
        for (CheckCall next = next(); next != null; next = next()) {
            next.start(HealthSchedulers.shared().timer());
        }
    }

    private synchronized @Nullable CheckCall next() {
        MonitoredCheck next = isClosed || running >= concurrency ? null : queue.poll();
        if (next == null) {
            return null;
        }
        running++;
        next.isQueued = false;
        CheckCall call = new CheckCall(
                next.check, HealthSchedulers.shared().workers(), (health, took) -> answered(next, health, took));
        next.call = call;
        return call;
    }

    private void answered(MonitoredCheck one, Health health, Duration took) {
        List<HealthChange> told = new ArrayList<>();
        List<MonoSink<HealthReport>> complete = new ArrayList<>();
        @Nullable HealthReport report;
        synchronized (this) {
            running--;
            if (isClosed) {
                return;
            }
            record(one, health, took);
            tell(one, told);
            refreshes.removeIf(refresh -> {
                refresh.open().remove(one);
                return refresh.open().isEmpty() && complete.add(refresh.sink());
            });
            report = complete.isEmpty() ? null : report();
        }
        log(told);
        complete.forEach(sink -> onWorker(() -> sink.success(report)));
        startQueued();
    }

    /** Where users' code may run: the caller may be the timer's thread. */
    private static void onWorker(Runnable task) {
        try {
            HealthSchedulers.shared().workers().schedule(task);
        } catch (RuntimeException refused) {
            task.run();
        }
    }

    private static void record(MonitoredCheck one, Health health, Duration took) {
        one.record(health, took, HealthTime.now(), HealthTime.nanos());
    }

    /** Tells nothing of one that has been removed. */
    private void tell(MonitoredCheck one, List<HealthChange> told) {
        if (checks.get(one.check.name()) != one) {
            return;
        }
        HealthChange change = one.change(HealthTime.now(), HealthTime.nanos(), staleNanos);
        if (change != null) {
            told.add(change);
            changes.publish(change);
        }
    }

    /** Not on this thread, which may be the timer's: a log may block. */
    private static void log(List<HealthChange> told) {
        if (!told.isEmpty()) {
            onWorker(() -> told.forEach(HealthRounds::log));
        }
    }

    private static void log(HealthChange change) {
        if (change.to().isWorseThan(change.from())) {
            LOG.warn("health changed: {}", change);
        } else {
            LOG.info("health changed: {}", change);
        }
    }

    synchronized HealthReport report() {
        long nanos = HealthTime.nanos();
        return HealthReport.of(
                HealthTime.now(),
                checks.values().stream()
                        .map(one -> one.result(isClosed, nanos, staleNanos))
                        .toList());
    }

    /** The status that counts; null if there is no such check. Without the lock. */
    @Nullable HealthStatus status(String name) {
        MonitoredCheck one = byName.get(Objects.requireNonNull(name, "name"));
        return one == null ? null : one.status(isClosed, HealthTime.nanos(), staleNanos);
    }

    Mono<HealthReport> refresh() {
        return Mono.create(sink -> {
            Refresh refresh = new Refresh(new HashSet<>(), sink);
            List<HealthChange> told = new ArrayList<>();
            int awaited = enqueue(refresh, told);
            if (awaited < 0) {
                sink.error(closed());
                return;
            }
            sink.onDispose(() -> forget(refresh));
            log(told);
            startQueued();
            if (awaited == 0) {
                sink.success(report());
            }
        });
    }

    private synchronized void forget(Refresh refresh) {
        refreshes.remove(refresh);
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the health monitor is closed");
    }

    void close() {
        List<Refresh> open;
        List<MonitoredCheck> all;
        synchronized (this) {
            if (isClosed) {
                return;
            }
            isClosed = true;
            open = List.copyOf(refreshes);
            refreshes.clear();
            queue.clear();
            all = List.copyOf(checks.values());
        }
        all.forEach(MonitoredCheck::close);
        open.forEach(refresh -> onWorker(() -> refresh.sink().error(closed())));
        changes.close();
    }
}
