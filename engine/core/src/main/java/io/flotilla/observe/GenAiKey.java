package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;

/**
 * The attributes of OpenTelemetry's semantic conventions for generative AI that {@link GenAiStepConvention} and {@link
 * GenAiRunConvention} set, as of version {@value #CONVENTIONS_VERSION} of the conventions. They are in development there, and may change with each
 * version; here they change only with the constant.
 *
 * <p>Those of low cardinality become tags of meters, too, where a handler makes meters of observations. All values are texts, as Micrometer has
 * them, numbers included; {@link LinkingTracingObservationHandler} gives spans the numbers.
 *
 * @since 0.1
 */
public enum GenAiKey implements KeyName {
    /** {@code invoke_agent} of a step, {@code invoke_workflow} of a run. */
    OPERATION_NAME("gen_ai.operation.name", true),
    /** Of a step, as the convention was told: which provider or framework the agent is of. */
    PROVIDER_NAME("gen_ai.provider.name", true),
    /** Of a step: the agent's kind, as {@link FlotillaKey#AGENT} bounds it. */
    AGENT_NAME("gen_ai.agent.name", true),
    /** Of a run: the name of its workflow, as {@link FlotillaKey#WORKFLOW} bounds it. */
    WORKFLOW_NAME("gen_ai.workflow.name", true),
    /** Of a step: the agent's id, its instance included. */
    AGENT_ID("gen_ai.agent.id", false),
    /** Of a step that has used some: tokens sent to models, all attempts together. */
    USAGE_INPUT_TOKENS("gen_ai.usage.input_tokens", false),
    /** Of a step that has used some: tokens models answered with, all attempts together. */
    USAGE_OUTPUT_TOKENS("gen_ai.usage.output_tokens", false),
    /** Of a step or run that has ended with an exception: its class. */
    ERROR_TYPE("error.type", false);

    /** The version of the semantic conventions. Later ones have the attributes in a repository of their own. */
    public static final String CONVENTIONS_VERSION = "1.41.1";

    private final String key;
    private final boolean lowCardinality;

    GenAiKey(String key, boolean lowCardinality) {
        this.key = key;
        this.lowCardinality = lowCardinality;
    }

    @Override
    public String asString() {
        return key;
    }

    /**
     * Whether its values are few.
     *
     * @return true for what meters have too, false for what only spans have
     */
    public boolean isLowCardinality() {
        return lowCardinality;
    }

    @Override
    public boolean isRequired() {
        return lowCardinality;
    }
}
