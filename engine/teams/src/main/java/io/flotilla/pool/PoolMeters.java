package io.flotilla.pool;

import io.flotilla.AgentId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Counts what a pool does, and the meters of it if there is a registry. */
final class PoolMeters {

    private final LongAdder created = new LongAdder();
    private final LongAdder destroyed = new LongAdder();
    private @Nullable Timer acquire;
    private @Nullable Counter createdCounter;
    private @Nullable Counter destroyedCounter;
    private @Nullable Counter timeouts;

    void register(MeterRegistry registry, AgentPool<?, ?> pool) {
        AgentId id = pool.id();
        gauge(registry, pool, "flotilla.pool.in.use", "Agents that are lent", stats -> stats.inUse());
        gauge(registry, pool, "flotilla.pool.idle", "Agents that wait for a borrower", stats -> stats.idle());
        gauge(registry, pool, "flotilla.pool.pending", "Borrowers that wait for an agent", stats -> stats.pending());
        gauge(registry, pool, "flotilla.pool.max", "The most agents there may be", stats -> stats.max());
        acquire = Timer.builder("flotilla.pool.acquire")
                .description("How long borrowers waited for their agent")
                .tag("agent", id.kind())
                .register(registry);
        createdCounter = counter(registry, id, "flotilla.pool.created", "Agents that were created");
        destroyedCounter = counter(registry, id, "flotilla.pool.destroyed", "Agents that were destroyed");
        timeouts = counter(registry, id, "flotilla.pool.timeouts", "Borrowers that got no agent in time");
    }

    private static void gauge(
            MeterRegistry registry,
            AgentPool<?, ?> pool,
            String name,
            String description,
            ToDoubleFunction<AgentPoolStats> of) {
        Gauge.builder(name, pool, any -> of.applyAsDouble(any.stats()))
                .description(description)
                .baseUnit("agents")
                .tag("agent", pool.id().kind())
                .register(registry);
    }

    private static Counter counter(MeterRegistry registry, AgentId id, String name, String description) {
        return Counter.builder(name)
                .description(description)
                .baseUnit("agents")
                .tag("agent", id.kind())
                .register(registry);
    }

    /** A registry is code of the user's too: one that throws costs a count, and no agent. */
    private static void increment(@Nullable Counter counter) {
        if (counter != null) {
            AgentPool.quietly("a counter of a pool", counter::increment);
        }
    }

    void acquired(long nanos) {
        Timer timer = acquire;
        if (timer != null) {
            AgentPool.quietly("a timer of a pool", () -> timer.record(nanos, TimeUnit.NANOSECONDS));
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
