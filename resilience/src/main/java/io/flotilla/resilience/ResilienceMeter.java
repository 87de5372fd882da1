package io.flotilla.resilience;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All meters of the module. They are recorded if {@link Resilience.Builder#meterRegistry} is set. Nothing is recorded for
 * an attempt that simply succeeds.
 *
 * <p>The tag {@code key} has the values of {@link Resilience.Builder#keyedBy}, at most {@link Resilience#MAX_KEYS} of them
 * and {@link Resilience#OTHER_KEYS}.
 *
 * @since 0.1
 */
public enum ResilienceMeter implements MeterDocumentation {
    /** Attempts made again. */
    RETRIES("flotilla.retries", Meter.Type.COUNTER, "retries", "Attempts made again", Key.KEY),
    /** Attempts a guard did not let through. */
    REJECTIONS(
            "flotilla.rejections",
            Meter.Type.COUNTER,
            "attempts",
            "Attempts a guard did not let through",
            Key.KEY,
            Key.GUARD),
    /** Attempts that passed the attempt timeout. */
    ATTEMPT_TIMEOUTS(
            "flotilla.attempt.timeouts",
            Meter.Type.COUNTER,
            "attempts",
            "Attempts that passed the attempt timeout",
            Key.KEY),
    /** Steps a fallback stood in for. */
    FALLBACKS("flotilla.fallbacks", Meter.Type.COUNTER, "steps", "Steps a fallback stood in for", Key.KEY, Key.SOURCE),
    /** Fallback agents that had no answer. */
    FALLBACK_FAILURES(
            "flotilla.fallback.failures",
            Meter.Type.COUNTER,
            "calls",
            "Fallback agents that had no answer",
            Key.KEY,
            Key.REASON),
    /** The state of a breaker: 0 closed, 1 half-open, 2 open, 3 special. */
    CIRCUIT_BREAKER_STATE(
            "flotilla.circuitbreaker.state",
            Meter.Type.GAUGE,
            "",
            "The state of a breaker: 0 closed, 1 half-open, 2 open, 3 special",
            Key.KEY),
    /** Changes of a breaker's state. */
    CIRCUIT_BREAKER_TRANSITIONS(
            "flotilla.circuitbreaker.transitions",
            Meter.Type.COUNTER,
            "changes",
            "Changes of a breaker's state",
            Key.KEY,
            Key.TO),
    /** Places of a bulkhead in use. */
    BULKHEAD_IN_USE("flotilla.bulkhead.in.use", Meter.Type.GAUGE, "attempts", "Places of a bulkhead in use", Key.KEY),
    /** Attempts that wait for a place. */
    BULKHEAD_QUEUED(
            "flotilla.bulkhead.queued", Meter.Type.GAUGE, "attempts", "Attempts that wait for a place", Key.KEY),
    /** Attempts that wait for a permit of the limiter. */
    RATE_LIMITER_QUEUED(
            "flotilla.ratelimiter.queued",
            Meter.Type.GAUGE,
            "attempts",
            "Attempts that wait for a permit of the rate limiter",
            Key.KEY);

    /** The keys of the meters' tags. */
    public enum Key implements KeyName {
        /** Which guards; the values of {@link Resilience.Builder#keyedBy}. */
        KEY("key"),
        /** Who refused it: circuitbreaker, bulkhead, ratelimiter or budget. */
        GUARD("guard"),
        /** What stood in: agent, last known or constant. */
        SOURCE("source"),
        /** Why there was no answer: failed, rejected or empty. */
        REASON("reason"),
        /** The new state, in lower case. */
        TO("to");

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

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<Key> keys;

    ResilienceMeter(String metricName, Meter.Type type, String unit, String description, Key... keys) {
        this.metricName = metricName;
        this.type = type;
        this.unit = unit;
        this.description = description;
        this.keys = List.of(keys);
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
    public @Nullable String getBaseUnit() {
        return unit.isEmpty() ? null : unit;
    }

    @Override
    public KeyName[] getKeyNames() {
        return keys.toArray(KeyName[]::new);
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
