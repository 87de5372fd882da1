package io.flotilla.resilience;

import java.util.List;

/**
 * All meters of the module. They are recorded if {@link Resilience.Builder#meterRegistry} is set. Nothing is recorded for
 * an attempt that simply succeeds.
 *
 * <p>The tag {@code key} has the values of {@link Resilience.Builder#keyedBy}, at most {@link Resilience#MAX_KEYS} of them
 * and {@link Resilience#OTHER_KEYS}.
 *
 * @since 0.1
 */
public enum ResilienceMeter {
    /** Attempts made again. */
    RETRIES("flotilla.retries", Type.COUNTER, "retries", List.of("key")),
    /** Attempts a guard did not let through; {@code guard} is circuitbreaker, bulkhead, ratelimiter or budget. */
    REJECTIONS("flotilla.rejections", Type.COUNTER, "attempts", List.of("key", "guard")),
    /** Attempts that passed the attempt timeout. */
    ATTEMPT_TIMEOUTS("flotilla.attempt.timeouts", Type.COUNTER, "attempts", List.of("key")),
    /** Steps a fallback stood in for; {@code source} is agent, last known or constant. */
    FALLBACKS("flotilla.fallbacks", Type.COUNTER, "steps", List.of("key", "source")),
    /** Fallback agents that had no answer; {@code reason} is failed, rejected or empty. */
    FALLBACK_FAILURES("flotilla.fallback.failures", Type.COUNTER, "calls", List.of("key", "reason")),
    /** The state of a breaker: 0 closed, 1 half-open, 2 open, 3 special. */
    CIRCUIT_BREAKER_STATE("flotilla.circuitbreaker.state", Type.GAUGE, "", List.of("key")),
    /** Changes of a breaker's state; {@code to} is the new one. */
    CIRCUIT_BREAKER_TRANSITIONS("flotilla.circuitbreaker.transitions", Type.COUNTER, "changes", List.of("key", "to")),
    /** Places of a bulkhead in use. */
    BULKHEAD_IN_USE("flotilla.bulkhead.in.use", Type.GAUGE, "attempts", List.of("key")),
    /** Attempts that wait for a place. */
    BULKHEAD_QUEUED("flotilla.bulkhead.queued", Type.GAUGE, "attempts", List.of("key")),
    /** Attempts that wait for a permit of the limiter. */
    RATE_LIMITER_QUEUED("flotilla.ratelimiter.queued", Type.GAUGE, "attempts", List.of("key"));

    /** What kind of meter it is. */
    public enum Type {
        /** A Micrometer {@code Counter}. */
        COUNTER,
        /** A Micrometer {@code Gauge}. */
        GAUGE
    }

    private final String metricName;
    private final Type type;
    private final String unit;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> tags;

    ResilienceMeter(String metricName, Type type, String unit, List<String> tags) {
        this.metricName = metricName;
        this.type = type;
        this.unit = unit;
        this.tags = tags;
    }

    /**
     * The name it is registered with.
     *
     * @return the name, with dots
     */
    public String metricName() {
        return metricName;
    }

    /**
     * What kind of meter it is.
     *
     * @return the type
     */
    public Type type() {
        return type;
    }

    /**
     * The base unit.
     *
     * @return the base unit; empty if it is a state
     */
    public String unit() {
        return unit;
    }

    /**
     * The keys of its tags.
     *
     * @return the keys of its tags
     */
    public List<String> tags() {
        return tags;
    }
}
