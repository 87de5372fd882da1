package io.flotilla.observe;

import java.util.List;

/**
 * Every observation and meter of the library. Observations are made when an {@code ObservationRegistry} is given to the
 * engine, meters when a {@code MeterRegistry} is; neither costs anything otherwise.
 *
 * <p>An observation handler may make a timer of the same name as its observation, so no meter shares one.
 *
 * @since 0.1
 */
public enum Telemetry {
    /** One subscription to a round. Its parent is the observation in the subscriber's context, if there is one. */
    ROUND("flotilla.round", Type.OBSERVATION, "", List.of(Tag.OUTCOME, Tag.RUN_ID)),

    /** One run. Its parent is the observation in the context the run was started with, if there is one. */
    RUN("flotilla.run", Type.OBSERVATION, "", List.of(Tag.OUTCOME, Tag.RUN_ID)),

    /**
     * One branch of a run. Its parent is the branch that forked it, or the run. Has an event for each fork, join and
     * rendezvous.
     */
    BRANCH("flotilla.branch", Type.OBSERVATION, "", List.of(Tag.AGENT, Tag.OUTCOME, Tag.BRANCH)),

    /** One step, all attempts included. Its parent is the round's, or its branch's; what the agent observes has it for a parent. */
    STEP("flotilla.step", Type.OBSERVATION, "", List.of(Tag.AGENT, Tag.OUTCOME, Tag.AGENT_INSTANCE, Tag.STEP_ID)),

    /** The duration and number of steps. */
    STEP_DURATION("flotilla.step.duration", Type.TIMER, "seconds", List.of(Tag.AGENT, Tag.OUTCOME)),

    /** The number of failures that slow subscribers of {@code StepEngine.failures()} missed. */
    FAILURES_DROPPED("flotilla.failures.dropped", Type.COUNTER, "failures", List.of()),

    /**
     * The number of emitted values that slow or late subscribers of {@code StepEngine.signals} and {@code Run.output} missed,
     * counted when they get the end of the step.
     */
    EMISSIONS_DROPPED("flotilla.emissions.dropped", Type.COUNTER, "values", List.of()),

    /** The number of emissions that nobody got, since they were null or came after the end of their attempt. */
    EMISSIONS_IGNORED("flotilla.emissions.ignored", Type.COUNTER, "values", List.of()),

    /**
     * The permits of engines with a {@code maxInFlight} that are held by steps in flight, or on their way to a step that has
     * waited. The sum of all engines with this registry.
     */
    PERMITS_IN_USE("flotilla.permits.in.use", Type.GAUGE, "permits", List.of()),

    /** The rounds, runs and single steps that wait for a permit, each counted once. The sum of all engines with this registry. */
    PERMITS_QUEUED("flotilla.permits.queued", Type.GAUGE, "waiters", List.of()),

    /** How long they wait, and how often: from when a step could start but for the limit until the next step of the same does. */
    PERMIT_WAIT("flotilla.permits.wait", Type.TIMER, "seconds", List.of()),

    /** The number of steps refused since the queue for permits was full. */
    PERMITS_REJECTED("flotilla.permits.rejected", Type.COUNTER, "steps", List.of());

    /** The types of telemetry. */
    public enum Type {
        /** A Micrometer {@code Observation}: spans, and what else its handlers make of it. */
        OBSERVATION,
        /** A Micrometer {@code Timer}. */
        TIMER,
        /** A Micrometer {@code Counter}. */
        COUNTER,
        /** A Micrometer {@code Gauge}. */
        GAUGE
    }

    /** The tags of observations and meters. */
    public enum Tag {
        /**
         * The agent's kind. The first {@value #MAX_AGENT_KINDS} kinds of an engine have a value each, all others share
         * {@value #OTHER}.
         */
        AGENT("agent", true),
        /**
         * How it ended. Steps: the kind of their result, {@code succeeded}, {@code degraded}, {@code failed}, {@code
         * timed_out}, {@code rejected} or {@code cancelled}. Rounds: {@code completed}, {@code failed} or {@code
         * cancelled}. Runs: {@code succeeded}, {@code failed}, {@code cancelled} or {@code suspended}. Branches: {@code
         * answered}, {@code failed}, {@code moved_on}, {@code cancelled} or {@code suspended}.
         */
        OUTCOME("outcome", true),
        /** Which agent of its kind; absent where the kind has one only. On observations, as a high-cardinality value. */
        AGENT_INSTANCE("agent.instance", false),
        /** The step's id, as in the log. On observations, as a high-cardinality value. */
        STEP_ID("step.id", false),
        /** The branch's path. On observations, as a high-cardinality value. */
        BRANCH("branch", false),
        /** The round's or run's id. On observations, as a high-cardinality value. */
        RUN_ID("run.id", false);

        /** The number of agent kinds that have a value of their own. */
        public static final int MAX_AGENT_KINDS = 256;

        /** The value of the kinds beyond. */
        public static final String OTHER = "other";

        private final String key;
        private final boolean lowCardinality;

        Tag(String key, boolean lowCardinality) {
            this.key = key;
            this.lowCardinality = lowCardinality;
        }

        /**
         * The tag's name.
         *
         * @return the key
         */
        public String key() {
            return key;
        }

        /**
         * Whether its values are few.
         *
         * @return true for what meters have too, false for what only observations have
         */
        public boolean isLowCardinality() {
            return lowCardinality;
        }
    }

    private final String metricName;
    private final Type type;
    private final String unit;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<Tag> tags;

    Telemetry(String metricName, Type type, String unit, List<Tag> tags) {
        this.metricName = metricName;
        this.type = type;
        this.unit = unit;
        this.tags = tags;
    }

    /**
     * The name it is registered under.
     *
     * @return the name, with dots
     */
    public String metricName() {
        return metricName;
    }

    /**
     * Whether this is an observation or a meter.
     *
     * @return the type
     */
    public Type type() {
        return type;
    }

    /**
     * The unit it counts in.
     *
     * @return the base unit; empty for observations
     */
    public String unit() {
        return unit;
    }

    /**
     * Its tags.
     *
     * @return the tags
     */
    public List<Tag> tags() {
        return tags;
    }
}
