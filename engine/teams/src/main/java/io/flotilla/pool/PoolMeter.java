package io.flotilla.pool;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;

/**
 * All meters of agent pools. They are recorded if {@link AgentPool.Builder#meterRegistry} is set.
 *
 * @since 0.1
 */
public enum PoolMeter implements MeterDocumentation {
    /** Agents that are lent. */
    IN_USE("flotilla.pool.in.use", Meter.Type.GAUGE, "agents", "Agents that are lent"),
    /** Agents that wait for a borrower. */
    IDLE("flotilla.pool.idle", Meter.Type.GAUGE, "agents", "Agents that wait for a borrower"),
    /** Borrowers that wait for an agent. */
    PENDING("flotilla.pool.pending", Meter.Type.GAUGE, "agents", "Borrowers that wait for an agent"),
    /** The most agents there may be. */
    MAX("flotilla.pool.max", Meter.Type.GAUGE, "agents", "The most agents there may be"),
    /** How long borrowers waited for their agent. */
    ACQUIRE("flotilla.pool.acquire", Meter.Type.TIMER, "seconds", "How long borrowers waited for their agent"),
    /** Agents that were created. */
    CREATED("flotilla.pool.created", Meter.Type.COUNTER, "agents", "Agents that were created"),
    /** Agents that were destroyed. */
    DESTROYED("flotilla.pool.destroyed", Meter.Type.COUNTER, "agents", "Agents that were destroyed"),
    /** Borrowers that got no agent in time. */
    TIMEOUTS("flotilla.pool.timeouts", Meter.Type.COUNTER, "agents", "Borrowers that got no agent in time");

    /** The keys of the meters' tags. */
    public enum Key implements KeyName {
        /** The kind of the pool's id. */
        AGENT("agent");

        private final String key;

        Key(String key) {
            this.key = key;
        }

        @Override
        public String asString() {
            return key;
        }
    }

    private final String metricName;
    private final Meter.Type type;
    private final String unit;
    private final String description;

    PoolMeter(String metricName, Meter.Type type, String unit, String description) {
        this.metricName = metricName;
        this.type = type;
        this.unit = unit;
        this.description = description;
    }

    @Override
    public String getName() {
        return metricName;
    }

    @Override
    public Meter.Type getType() {
        return type;
    }

    @Override
    public String getBaseUnit() {
        return unit;
    }

    @Override
    public KeyName[] getKeyNames() {
        return Key.values();
    }

    /**
     * What it measures, as registries show it.
     *
     * @return one line
     */
    public String description() {
        return description;
    }
}
