package io.flotilla.pool;

import io.flotilla.AgentId;
import io.flotilla.step.EngineAccess;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Counts what a pool does, and the meters of it if there is a registry. One that throws costs a count, and no agent. */
final class PoolMeters {

    private final LongAdder created = new LongAdder();
    private final LongAdder destroyed = new LongAdder();
    private @Nullable MeterRegistry meters;
    private @Nullable Timer acquire;
    private @Nullable Counter createdCounter;
    private @Nullable Counter destroyedCounter;
    private @Nullable Counter timeouts;

    void register(MeterRegistry registry, AgentPool<?, ?> pool) {
        AgentId id = pool.id();
        meters = registry;
        gauge(registry, pool, PoolMeter.IN_USE, stats -> stats.inUse());
        gauge(registry, pool, PoolMeter.IDLE, stats -> stats.idle());
        gauge(registry, pool, PoolMeter.PENDING, stats -> stats.pending());
        gauge(registry, pool, PoolMeter.MAX, stats -> stats.max());
        acquire = EngineAccess.meter(
                registry,
                () -> Timer.builder(PoolMeter.ACQUIRE.getName())
                        .description(PoolMeter.ACQUIRE.description())
                        .tag(PoolMeter.Key.AGENT.asString(), id.kind())
                        .register(registry));
        createdCounter = counter(registry, id, PoolMeter.CREATED);
        destroyedCounter = counter(registry, id, PoolMeter.DESTROYED);
        timeouts = counter(registry, id, PoolMeter.TIMEOUTS);
    }

    private static void gauge(
            MeterRegistry registry, AgentPool<?, ?> pool, PoolMeter meter, ToDoubleFunction<AgentPoolStats> of) {
        EngineAccess.measure(
                registry,
                () -> Gauge.builder(meter.getName(), pool, any -> of.applyAsDouble(any.stats()))
                        .description(meter.description())
                        .baseUnit(meter.getBaseUnit())
                        .tag(PoolMeter.Key.AGENT.asString(), pool.id().kind())
                        .register(registry));
    }

    private static @Nullable Counter counter(MeterRegistry registry, AgentId id, PoolMeter meter) {
        return EngineAccess.meter(
                registry,
                () -> Counter.builder(meter.getName())
                        .description(meter.description())
                        .baseUnit(meter.getBaseUnit())
                        .tag(PoolMeter.Key.AGENT.asString(), id.kind())
                        .register(registry));
    }

    private void increment(@Nullable Counter counter) {
        if (meters != null && counter != null) {
            EngineAccess.measure(meters, counter::increment);
        }
    }

    void acquired(long nanos) {
        Timer timer = acquire;
        if (meters != null && timer != null) {
            EngineAccess.measure(meters, () -> timer.record(nanos, TimeUnit.NANOSECONDS));
        }
    }

    void created() {
        created.increment();
        increment(createdCounter);
    }

    void destroyed() {
        destroyed.increment();
        increment(destroyedCounter);
    }

    void timedOut() {
        increment(timeouts);
    }

    long createdCount() {
        return created.sum();
    }

    long destroyedCount() {
        return destroyed.sum();
    }
}
