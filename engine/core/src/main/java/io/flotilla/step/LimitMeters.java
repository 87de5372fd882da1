package io.flotilla.step;

import io.flotilla.observe.Telemetry;
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

/** The meters of an engine's limit. A registry has one gauge of a name, so it has the sum of all engines that share it. */
final class LimitMeters implements FairPermits.Meters {

    /** The permits whose engines live; guarded by itself. The gauges hold on to none of them. */
    private static final Map<MeterRegistry, Set<FairPermits>> BY_REGISTRY = new WeakHashMap<>();

    private final Timer wait;
    private final Counter rejected;

    private LimitMeters(MeterRegistry registry) {
        this.wait = Timer.builder(Telemetry.PERMIT_WAIT.metricName())
                .description("How long rounds, runs and single steps wait for a permit")
                .register(registry);
        this.rejected = Counter.builder(Telemetry.PERMITS_REJECTED.metricName())
                .description("Steps refused since the queue for permits was full")
                .baseUnit(Telemetry.PERMITS_REJECTED.unit())
                .register(registry);
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
            gauge(Telemetry.PERMITS_IN_USE, "Permits held by steps in flight", all, FairPermits::inFlight, registry);
            gauge(
                    Telemetry.PERMITS_QUEUED,
                    "Rounds, runs and single steps that wait for a permit",
                    all,
                    FairPermits::waiting,
                    registry);
        }
        permits.meters(new LimitMeters(registry));
    }

    @SuppressWarnings("ReferenceEquality") // sets of the same engines are equal
    private static boolean isSame(Set<FairPermits> one, Set<FairPermits> other) {
        return one == other;
    }

    private static void gauge(
            Telemetry what,
            String description,
            Set<FairPermits> all,
            ToIntFunction<FairPermits> of,
            MeterRegistry registry) {
        Gauge.builder(what.metricName(), all, engines -> sum(engines, of))
                .description(description)
                .baseUnit(what.unit())
                .register(registry);
    }

    private static double sum(Set<FairPermits> engines, ToIntFunction<FairPermits> of) {
        synchronized (BY_REGISTRY) {
            return engines.stream().mapToInt(of).sum();
        }
    }

    @Override
    public void waited(long nanos) {
        wait.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void rejected() {
        rejected.increment();
    }
}
