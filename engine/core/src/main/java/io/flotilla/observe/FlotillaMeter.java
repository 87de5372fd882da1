package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /**
     * The number of tokens that steps have used, counted when a step ends, however it does. Each is counted once: for the step that recorded it,
     * if the engine of that step has a meter registry, see {@link io.flotilla.agent.UsageLedger#recordNested}.
     */
    TOKENS(
            "flotilla.tokens",
            Meter.Type.COUNTER,
            "tokens",
            "Tokens that steps have used",
            FlotillaKey.AGENT,
            FlotillaKey.DIRECTION),

    /** What steps have cost, in the application's currency, counted as {@link #TOKENS} are. */
    COST("flotilla.cost", Meter.Type.COUNTER, "", "What steps have cost", FlotillaKey.AGENT),

    /** The number of runs that have started in this process; of those with a journal, when it has their start. */
    RUNS_STARTED("flotilla.runs.started", Meter.Type.COUNTER, "runs", "Runs that have started", FlotillaKey.WORKFLOW),

    /** The number of runs that were continued from a journal and had not ended before. They do not count as started. */
    RUNS_RECOVERED(
            "flotilla.runs.recovered",
            Meter.Type.COUNTER,
            "runs",
            "Runs that were continued from a journal",
            FlotillaKey.WORKFLOW),

    /**
     * The number of runs that are live no more: those that have started and those that were recovered, each once, without those that are
     * in flight. A run that had ended in the journal before it was recovered is in none of these.
     */
    RUNS_ENDED(
            "flotilla.runs.ended",
            Meter.Type.COUNTER,
            "runs",
            "Runs that are live no more",
            FlotillaKey.WORKFLOW,
            FlotillaKey.OUTCOME),

    /** How long runs with a result took, as {@code RunResult.duration()} has it: a recovered one from its first start. */
    RUN_DURATION(
            "flotilla.run.duration",
            Meter.Type.TIMER,
            "seconds",
            "How long runs take",
            FlotillaKey.WORKFLOW,
            FlotillaKey.OUTCOME),

    /** The number of live runs. */
    RUNS_IN_FLIGHT("flotilla.runs.in.flight", Meter.Type.GAUGE, "runs", "Live runs", FlotillaKey.WORKFLOW),

    /** The number of live runs with a step that waits: for a place in the engine's concurrency, or for a permit of its maxInFlight. */
    RUNS_WAITING(
            "flotilla.runs.waiting",
            Meter.Type.GAUGE,
            "runs",
            "Live runs with a step that waits for a place or a permit",
            FlotillaKey.WORKFLOW),

    /** The number of questions of live runs that wait for their answer. */
    QUESTIONS_PENDING(
            "flotilla.questions.pending",
            Meter.Type.GAUGE,
            "questions",
            "Questions of live runs that wait for an answer",
            FlotillaKey.WORKFLOW),

    /**
     * The number of joins that fell short, by the agent of the fork or rendezvous; {@code end} for runs that fail since their own join
     * did. Those that then proceed or ask count too.
     */
    JOINS_UNMET(
            "flotilla.joins.unmet",
            Meter.Type.COUNTER,
            "joins",
            "Joins that fell short",
            FlotillaKey.WORKFLOW,
            FlotillaKey.AGENT),

    /** The number of decisions that were given back to their agent. */
    CORRECTIONS(
            "flotilla.corrections",
            Meter.Type.COUNTER,
            "decisions",
            "Decisions that were given back to their agent",
            FlotillaKey.WORKFLOW,
            FlotillaKey.AGENT),

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
