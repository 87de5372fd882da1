package io.flotilla.step;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** The time of an engine. Looks its schedulers up at every call: what is virtual now need not be later. */
final class SchedulerTime implements EngineTime {

    private final StepEngine engine;

    SchedulerTime(StepEngine engine) {
        this.engine = engine;
    }

    @Override
    public Instant now() {
        return engine.now(engine.schedulers().timer());
    }

    @Override
    public long nanoTime() {
        return engine.schedulers().timer().now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Disposable after(Duration delay, Runnable task) {
        Objects.requireNonNull(task, "task");
        EngineSchedulers on = engine.schedulers();
        if (delay.isZero() || delay.isNegative()) {
            return on.worker().schedule(task);
        }
        Disposable.Composite stages = Disposables.composite();
        stages.add(on.timer()
                .schedule(() -> stages.add(on.worker().schedule(task)), delay.toNanos(), TimeUnit.NANOSECONDS));
        return stages;
    }
}
