package io.flotilla.health;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One check in a report.
 *
 * @param name the check's name
 * @param critical whether the whole depends on it
 * @param status what counts: after hysteresis, and {@link HealthStatus#UNKNOWN} if the last result is stale or the monitor is
 *     closed
 * @param reason why; null if there is nothing to say
 * @param last what the last check has found; null if there was none
 * @param checkedAt when that was; null if there was none
 * @param took how long that took; zero if there was none
 * @since 0.1
 */
public record CheckResult(
        String name,
        boolean critical,
        HealthStatus status,
        @Nullable String reason,
        @Nullable Health last,
        @Nullable Instant checkedAt,
        Duration took) {

    /** For JSON: see {@link HealthReport#toMap()}. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("status", status.name());
        map.put("critical", critical);
        Map<String, Object> data = new LinkedHashMap<>(last == null ? Map.of() : last.details());
        if (reason != null) {
            data.put("reason", reason);
        }
        if (checkedAt != null) {
            data.put("checkedAt", checkedAt.toString());
            data.put("tookMs", took.toMillis());
        }
        map.put("data", data);
        return map;
    }
}
