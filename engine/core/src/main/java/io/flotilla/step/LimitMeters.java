package io.flotilla.step;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of an engine's limit. A registry has one gauge of a name, so it has the sum of all engines that share it. One that throws costs
 * what would have been measured, and nothing else.
 */
final class LimitMeters implements FairPermits.Meters {

    /** The permits whose engines live; guarded by itself. The gauges hold on to none of them. */
    private static final Map<MeterRegistry, Set<FairPermits>> BY_REGISTRY = new WeakHashMap<>();

    private final MeterRegistry registry;
    private final @Nullable Timer wait;
    private final @Nullable Counter rejected;

    private LimitMeters(MeterRegistry registry) {
        this.registry = registry;
        this.wait = TelemetryFaults.made(
                registry,
                () -> Timer.builder(FlotillaMeter.PERMIT_WAIT.getName())
                        .description(FlotillaMeter.PERMIT_WAIT.description())
                        .register(registry));
        this.rejected = TelemetryFaults.made(
                registry,
                () -> Counter.builder(FlotillaMeter.PERMITS_REJECTED.getName())
                        .description(FlotillaMeter.PERMITS_REJECTED.description())
                        .baseUnit(FlotillaMeter.PERMITS_REJECTED.getBaseUnit())
                        .register(registry));
    }

    static void register(FairPermits permits, MeterRegistry registry) {
        Set<FairPermits> made = Collections.newSetFromMap(new WeakHashMap<>());
        Set<FairPermits> all;
        synchronized (BY_REGISTRY) {
            Set<FairPermits> known = BY_REGISTRY.putIfAbsent(registry, made);
            all = known == null ? made : known;
            all.add(permits);
        }
        if (isSame(all, made)) {
            gauge(FlotillaMeter.PERMITS_IN_USE, all, FairPermits::inFlight, registry);
            gauge(FlotillaMeter.PERMITS_QUEUED, all, FairPermits::waiting, registry);
        }
        permits.meters(new LimitMeters(registry));
    }

    @SuppressWarnings("ReferenceEquality") // sets of the same engines are equal
    private static boolean isSame(Set<FairPermits> one, Set<FairPermits> other) {
        return one == other;
    }

    private static void gauge(
            FlotillaMeter what, Set<FairPermits> all, ToIntFunction<FairPermits> of, MeterRegistry registry) {
        TelemetryFaults.guard(
                registry,
                () -> Gauge.builder(what.getName(), all, engines -> sum(engines, of))
                        .description(what.description())
                        .baseUnit(what.getBaseUnit())
                        .register(registry));
    }

    private static double sum(Set<FairPermits> engines, ToIntFunction<FairPermits> of) {
        synchronized (BY_REGISTRY) {
            return engines.stream().mapToInt(of).sum();
        }
    }

    @Override
    public void waited(long nanos) {
        Timer timer = wait;
        if (timer != null) {
            TelemetryFaults.guard(registry, () -> timer.record(nanos, TimeUnit.NANOSECONDS));
        }
    }

    @Override
    public void rejected() {
        if (rejected != null) {
            TelemetryFaults.guard(registry, rejected::increment);
        }
    }
}
