package io.flotilla.health;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import reactor.core.scheduler.Schedulers;

/** The time of Reactor's schedulers, so that it is virtual where they are. */
final class HealthTime {

    private HealthTime() {}

    /** Only differences mean something. */
    static long nanos() {
        return Schedulers.single().now(TimeUnit.NANOSECONDS);
    }

    static Instant now() {
        return Instant.ofEpochMilli(Schedulers.single().now(TimeUnit.MILLISECONDS));
    }
}
