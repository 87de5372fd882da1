package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.step.EngineClock;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The way of a task from the queue to a worker: health is asked, and the step started. */
final class Dispatcher<I, O> {

    private final ManagerCore<I, O> core;
    private final EngineClock clock;
    private final @Nullable WorkerHealth health;
    private final Starts starts;
    private final boolean isTimed;
    private final StepEngine engine;

    Dispatcher(ManagerCore<I, O> core, ManagerSettings<I, O> settings) {
        this.core = core;
        this.clock = core.clock;
        this.health = settings.health;
        this.starts = new Starts(clock);
        StepEngine isolating = settings.engine.withFailureMode(FailureMode.ISOLATE);
        this.isTimed = settings.attemptTimeout != null;
        this.engine = settings.attemptTimeout == null ? isolating : isolating.withRoundTimeout(settings.attemptTimeout);
    }

    /** Gives what waits to workers that have room. With a health function, which may keep its thread, on a thread of its own. */
    void dispatch() {
        if (health == null) {
            startAll();
        } else {
            clock.schedule(Duration.ZERO, this::startAll);
        }
    }

    /** As {@link #dispatch}, of a task that has its worker. */
    void hand(Attempt<I, O> attempt) {
        if (health == null) {
            start(attempt);
        } else {
            clock.schedule(Duration.ZERO, () -> startIfWell(attempt));
        }
    }

    private void startAll() {
        for (Attempt<I, O> next = core.reserve(); next != null; next = core.reserve()) {
            startIfWell(next);
        }
    }

    private void startIfWell(Attempt<I, O> attempt) {
        WorkerHealth asked = health;
        if (asked == null) {
            start(attempt);
            return;
        }
        AgentId id = attempt.worker.worker.id();
        TimedCall.decide(clock, () -> asked.isHealthy(id), thrown -> false, healthy -> {
            if (healthy) {
                start(attempt);
            } else {
                core.unwell(attempt);
                startAll(); // another one may be well
            }
        });
    }

    private void start(Attempt<I, O> attempt) {
        starts.add(() -> attempt.start(engine, isTimed));
    }
}
