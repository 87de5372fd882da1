package io.flotilla.health;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * So that a status does not flap: it gets worse only when so many results in a row are worse than it is, and then becomes the best of
 * them; it gets better only when so many are better, and then becomes the worst of them. The first result counts at once.
 *
 * <p>Not thread-safe.
 */
final class Hysteresis {

    private final int failures;
    private final int successes;
    private final Deque<HealthStatus> latest = new ArrayDeque<>();
    private @Nullable HealthStatus current;

    Hysteresis(int failures, int successes) {
        this.failures = failures;
        this.successes = successes;
    }

    /** What counts after one more result. */
    HealthStatus after(HealthStatus result) {
        latest.addFirst(result);
        if (latest.size() > Math.max(failures, successes)) {
            latest.removeLast();
        }
        HealthStatus before = current;
        if (before == null) {
            current = result;
            return result;
        }
        HealthStatus best = HealthStatus.DOWN;
        HealthStatus worst = HealthStatus.UP;
        int seen = 0;
        HealthStatus next = before;
        for (Iterator<HealthStatus> results = latest.iterator(); results.hasNext(); ) {
            HealthStatus one = results.next();
            best = best.isWorseThan(one) ? one : best;
            worst = worst.worst(one);
            seen++;
            if (seen == failures && best.isWorseThan(before)) {
                next = best;
            }
            if (seen == successes && before.isWorseThan(worst)) {
                next = worst;
            }
        }
        current = next;
        return next;
    }
}
