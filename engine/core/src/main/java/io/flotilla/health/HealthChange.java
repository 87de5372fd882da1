package io.flotilla.health;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A check has another status than before.
 *
 * @param name the check's name
 * @param critical whether the whole depends on it
 * @param from what it was
 * @param to what it is
 * @param reason why; null if there is nothing to say
 * @param at when it was seen
 * @since 0.1
 */
public record HealthChange(
        String name,
        boolean critical,
        HealthStatus from,
        HealthStatus to,
        @Nullable String reason,
        Instant at) {

    /** As in a log: the name and both statuses, and the reason. */
    @Override
    public String toString() {
        return name + " " + from + " -> " + to + (reason == null ? "" : ": " + reason);
    }
}
