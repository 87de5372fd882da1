package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import java.util.List;

/**
 * Every meter of core. They are recorded when a {@code MeterRegistry} is given to the engine, and cost nothing otherwise.
 *
 * <p>An observation handler may make a timer of the same name as its observation, so no meter has the name of one.
 *
 * @since 0.1
 */
public enum FlotillaMeter implements MeterDocumentation {
    /** The duration and number of steps. */
    STEP_DURATION(
            "flotilla.step.duration",
            Meter.Type.TIMER,
            "seconds",
            "How long the steps of agents take",
            FlotillaKey.AGENT,
            FlotillaKey.OUTCOME),

    /** The number of failures that slow subscribers of {@code StepEngine.failures()} missed. */
    FAILURES_DROPPED(
            "flotilla.failures.dropped", Meter.Type.COUNTER, "failures", "Failures that slow subscribers did not get"),

    /**
     * The number of emitted values that slow or late subscribers of {@code StepEngine.signals} and {@code Run.output} missed,
     * counted when they get the end of the step.
     */
    EMISSIONS_DROPPED(
            "flotilla.emissions.dropped",
            Meter.Type.COUNTER,
            "values",
            "Emitted values that slow subscribers did not get"),

    /** The number of emissions that nobody got, since they were null or came after the end of their attempt. */
    EMISSIONS_IGNORED(
            "flotilla.emissions.ignored",
            Meter.Type.COUNTER,
            "values",
            "Emissions of null, or after the end of the attempt"),

    /**
     * The permits of engines with a {@code maxInFlight} that are held by steps in flight, or on their way to a step that has
     * waited. The sum of all engines with this registry.
     */
    PERMITS_IN_USE("flotilla.permits.in.use", Meter.Type.GAUGE, "permits", "Permits held by steps in flight"),

    /** The rounds, runs and single steps that wait for a permit, each counted once. The sum of all engines with this registry. */
    PERMITS_QUEUED(
            "flotilla.permits.queued",
            Meter.Type.GAUGE,
            "waiters",
            "Rounds, runs and single steps that wait for a permit"),

    /** How long they wait, and how often: from when a step could start but for the limit until the next step of the same does. */
    PERMIT_WAIT(
            "flotilla.permits.wait",
            Meter.Type.TIMER,
            "seconds",
            "How long rounds, runs and single steps wait for a permit"),

    /** The number of steps refused since the queue for permits was full. */
    PERMITS_REJECTED(
            "flotilla.permits.rejected",
            Meter.Type.COUNTER,
            "steps",
            "Steps refused since the queue for permits was full");

    private final String name;
    private final Meter.Type type;
    private final String unit;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<FlotillaKey> keys;

    FlotillaMeter(String name, Meter.Type type, String unit, String description, FlotillaKey... keys) {
        this.name = name;
        this.type = type;
        this.unit = unit;
        this.description = description;
        this.keys = List.of(keys);
    }

    @Override
    public String getName() {
        return name;
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
