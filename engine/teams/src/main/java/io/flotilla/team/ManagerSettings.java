package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the builder of a manager has been given so far; each manager has a copy, which nobody changes. Not thread-safe. */
final class ManagerSettings<I, O> {

    final AgentId id;
    final Map<AgentId, Worker<I, O>> workers = new LinkedHashMap<>();
    int maxQueued = Manager.DEFAULT_MAX_QUEUED;
    int maxAttempts = Manager.DEFAULT_MAX_ATTEMPTS;

    @Nullable Duration attemptTimeout;

    @Nullable WorkerHealth health;

    Duration healthInterval = Manager.DEFAULT_HEALTH_INTERVAL;
    StepEngine engine = StepEngine.builder().build();

    static IllegalArgumentException duplicate(AgentId worker) {
        return new IllegalArgumentException("there is a worker " + worker + " already");
    }

    ManagerSettings(AgentId id) {
        this.id = id;
    }

    ManagerSettings(ManagerSettings<I, O> other) {
        this(other.id);
        workers.putAll(other.workers);
        maxQueued = other.maxQueued;
        maxAttempts = other.maxAttempts;
        attemptTimeout = other.attemptTimeout;
        health = other.health;
        healthInterval = other.healthInterval;
        engine = other.engine;
    }
}
