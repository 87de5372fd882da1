package io.flotilla.step;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The time of an engine, or of one run. An engine's schedulers are looked up at every call, since what is virtual now need not
 * be later; a run keeps those it has started with.
 */
final class SchedulerTime implements EngineTime {

    private final StepEngine engine;

    private final Supplier<EngineSchedulers> schedulers;

    SchedulerTime(StepEngine engine, Supplier<EngineSchedulers> schedulers) {
        this.engine = engine;
        this.schedulers = schedulers;
    }

    @Override
    public Instant now() {
        return engine.now(schedulers.get().timer());
    }

    @Override
    public long nanoTime() {
        return schedulers.get().timer().now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Disposable after(Duration delay, Runnable task) {
        Objects.requireNonNull(task, "task");
        EngineSchedulers on = schedulers.get();
        if (delay.isZero() || delay.isNegative()) {
            return on.worker().schedule(task);
        }
        // Behind a delay of nothing: virtual time lets what has no delay go before what is due at the same instant.
        Disposable.Composite stages = Disposables.composite();
        stages.add(on.timer()
                .schedule(
                        () -> stages.add(on.worker().schedule(task, 0, TimeUnit.NANOSECONDS)),
                        delay.toNanos(),
                        TimeUnit.NANOSECONDS));
        return stages;
    }
}
