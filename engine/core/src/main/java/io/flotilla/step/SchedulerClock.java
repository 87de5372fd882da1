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
final class SchedulerClock implements EngineClock {

    private static final long MAX_NANOS = TimeUnit.DAYS.toNanos(1);

    private final EngineSettings settings;
    private final Supplier<EngineSchedulers> schedulers;

    SchedulerClock(EngineSettings settings, Supplier<EngineSchedulers> schedulers) {
        this.settings = settings;
        this.schedulers = schedulers;
    }

    @Override
    public Instant now() {
        return settings.now(schedulers.get().timer());
    }

    @Override
    public long nanoTime() {
        return schedulers.get().timer().now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Disposable schedule(Duration delay, Runnable task) {
        Objects.requireNonNull(task, "task");
        EngineSchedulers on = schedulers.get();
        if (delay.isZero() || delay.isNegative()) {
            return runSoon(on, task);
        }
        Disposable.Composite stages = Disposables.composite();
        arm(on, stages, delay.toNanos(), task);
        return stages;
    }

    /** Where no worker can be had, the task runs on a thread of our own. */
    private static Disposable runSoon(EngineSchedulers on, Runnable task) {
        try {
            return on.worker().schedule(task);
        } catch (Throwable refused) {
            Starter.rescue(task);
            return Disposables.disposed();
        }
    }

    /** In bits of a day: what is years away would overflow the clocks of some schedulers. */
    private static void arm(EngineSchedulers on, Disposable.Composite stages, long delayNanos, Runnable task) {
        long bit = Math.min(MAX_NANOS, delayNanos);
        try {
            stages.add(on.timer().schedule(() -> fired(on, stages, delayNanos - bit, task), bit, TimeUnit.NANOSECONDS));
        } catch (Throwable refused) {
            stages.add(new RefusedDelay(on.timer(), delayNanos, task).watched());
        }
    }

    /** On the timer's thread. Where no worker can be had, the task runs on a thread of our own. */
    private static void fired(EngineSchedulers on, Disposable.Composite stages, long leftNanos, Runnable task) {
        if (leftNanos > 0) {
            arm(on, stages, leftNanos, task);
            return;
        }
        try {
            // With a delay of nothing: virtual time lets what has none go before what is due at the same instant.
            stages.add(on.worker().schedule(task, 0, TimeUnit.NANOSECONDS));
        } catch (Throwable refused) {
            if (!stages.isDisposed()) {
                Starter.rescue(task);
            }
        }
    }
}
