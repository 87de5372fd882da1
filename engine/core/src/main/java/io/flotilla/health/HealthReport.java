package io.flotilla.health;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How everything is at one moment.
 *
 * <p>Immutable.
 *
 * @param status of the whole: that of the worst critical check; {@link HealthStatus#DEGRADED} at least if another one is not {@link
 *     HealthStatus#UP}; {@code UP} without any checks
 * @param at when the report was made
 * @param checks in the order they were added
 * @since 0.1
 */
public record HealthReport(HealthStatus status, Instant at, List<CheckResult> checks) {

    /**
     * Copies the list.
     *
     * @param status of the whole
     * @param at when the report was made
     * @param checks the checks
     * @throws NullPointerException if an argument or a check is null
     */
    public HealthReport {
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(at, "at");
        checks = List.copyOf(checks);
    }

    static HealthReport of(Instant at, List<CheckResult> checks) {
        HealthStatus whole = HealthStatus.UP;
        for (CheckResult check : checks) {
            boolean well = check.status() == HealthStatus.UP;
            whole = whole.worst(check.critical() || well ? check.status() : HealthStatus.DEGRADED);
        }
        return new HealthReport(whole, at, checks);
    }

    /**
     * Whether work may be sent here: what a readiness endpoint answers with 200 or 503.
     *
     * @return true if the status is {@link HealthStatus#UP} or {@link HealthStatus#DEGRADED}
     */
    public boolean isReady() {
        return status.isReady();
    }

    /**
     * One of the checks.
     *
     * @param name its name
     * @return the check; null if there is none of that name
     * @throws NullPointerException if {@code name} is null
     */
    public @Nullable CheckResult check(String name) {
        Objects.requireNonNull(name, "name");
        return checks.stream()
                .filter(check -> check.name().equals(name))
                .findAny()
                .orElse(null);
    }

    /**
     * The report for JSON: {@code {"status": "UP", "ready": true, "at": "...", "checks": [{"name": "journal", "status": "UP",
     * "critical": true, "data": {...}}]}}. {@code data} has the details, and {@code reason}, {@code checkedAt} and {@code tookMs}
     * where there are any. The form is that of MicroProfile Health, with more members, and with the statuses {@code DEGRADED} and
     * {@code UNKNOWN}, which it does not know: an endpoint of MicroProfile's own shows {@link #isReady()} as its status.
     *
     * @return a new map of texts, numbers, booleans, lists and maps; no nulls
     */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("status", status.name());
        map.put("ready", isReady());
        map.put("at", at.toString());
        map.put("checks", checks.stream().map(CheckResult::toMap).toList());
        return map;
    }
}
