package io.flotilla.health;

import java.util.Map;
import java.util.WeakHashMap;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The threads of all monitors. Not Reactor's shared ones: what the checks are about may have taken all of those. All are daemons, and
 * workers end when they are idle.
 *
 * @param timer where time limits fire and rounds begin; runs no code of users
 * @param workers where checks and subscribers run: threads on demand
 */
record HealthSchedulers(Scheduler timer, Scheduler workers) {

    private static final int MAX_WORKERS = 10_000;
    private static final int MAX_QUEUED = 100_000;
    private static final int IDLE_SECONDS = 10;

    /**
     * Keyed by one of Reactor's shared schedulers, which are made anew when their factory is exchanged, as turning on virtual time
     * does: inside virtual time these are virtual, too, and afterwards the old ones are back.
     */
    private static final Map<Scheduler, HealthSchedulers> BY_FACTORY = new WeakHashMap<>();

    static HealthSchedulers shared() {
        Scheduler key = Schedulers.single();
        synchronized (BY_FACTORY) {
            return BY_FACTORY.computeIfAbsent(key, any -> create());
        }
    }

    private static HealthSchedulers create() {
        return new HealthSchedulers(
                Schedulers.newSingle("flotilla-health-timer", true),
                Schedulers.newBoundedElastic(MAX_WORKERS, MAX_QUEUED, "flotilla-health", IDLE_SECONDS, true));
    }
}
