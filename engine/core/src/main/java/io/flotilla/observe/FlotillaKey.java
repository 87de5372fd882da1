package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;

/**
 * The keys of core's observations and meters.
 *
 * @since 0.1
 */
public enum FlotillaKey implements KeyName {
    /**
     * The agent's kind; of a branch, the agent's name in the topology. The first {@value #MAX_VALUES} of an engine have a value each, all
     * others share {@value #OTHER}.
     */
    AGENT("agent", true, "the agent's kind"),
    /** The name of the workflow. The first {@value #MAX_VALUES} of an engine have a value each, all others share {@value #OTHER}. */
    WORKFLOW("workflow", true, "the workflow's name"),
    /**
     * How it ended. Steps: the kind of their result, {@code succeeded}, {@code degraded}, {@code failed}, {@code timed_out}, {@code
     * rejected} or {@code cancelled}. Rounds: {@code completed}, {@code failed} or {@code cancelled}. Runs: {@code succeeded}, {@code
     * failed}, {@code cancelled} or {@code suspended}; in meters, those that have ended without a result are {@code broken_down}, as when the
     * journal fails. Branches: {@code answered}, {@code failed}, {@code moved_on}, {@code cancelled} or
     * {@code suspended}. Joins: {@code met}, {@code unmet}, {@code vacated}, {@code cancelled} or {@code suspended}. Questions: {@code
     * answered}, {@code defaulted}, {@code withdrawn}, {@code cancelled} or {@code suspended}. Sleeps: {@code elapsed}, {@code cancelled} or {@code
     * suspended}. Signals: {@code received}, {@code defaulted}, {@code timed_out}, {@code cancelled} or {@code suspended}. Attempts: as steps, but for {@code
     * degraded}. Set when the observation stops.
     */
    OUTCOME("outcome", true, "how it ended"),
    /** Of tokens: {@code input}, sent to a model, or {@code output}, answered by one. */
    DIRECTION("direction", true, "input, sent to a model, or output, answered by one"),
    /** Which agent of its kind; absent where the kind has one only. */
    AGENT_INSTANCE("agent.instance", false, "which agent of its kind") {
        @Override
        public boolean isRequired() {
            return false;
        }
    },
    /** The step's id, as in the log. */
    STEP_ID("step.id", false, "the step's id"),
    /** The number of the attempt, from 1. */
    ATTEMPT("attempt", false, "the number of the attempt"),
    /** The question's id. */
    QUESTION_ID("question.id", false, "the question's id"),
    /** The name of the signal that is waited for. */
    SIGNAL("signal", false, "the name of the signal"),
    /** The branch's path. */
    BRANCH("branch", false, "the branch's path"),
    /** The round's or run's id. */
    RUN_ID("run.id", false, "the round's or run's id");

    /** The number of values of {@link #AGENT}, and of {@link #WORKFLOW}, that an engine tells apart. */
    public static final int MAX_VALUES = 256;

    /** The value that all others share. */
    public static final String OTHER = "other";

    private final String key;
    private final boolean lowCardinality;
    private final String description;

    FlotillaKey(String key, boolean lowCardinality, String description) {
        this.key = key;
        this.lowCardinality = lowCardinality;
        this.description = description;
    }

    @Override
    public String asString() {
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

    /**
     * What its values are.
     *
     * @return a few words
     */
    public String description() {
        return description;
    }
}
