package io.flotilla.observe;

import io.micrometer.common.KeyValues;
import java.util.Objects;

/**
 * Steps as OpenTelemetry's semantic conventions for generative AI have the invocation of an agent: the span is {@code invoke_agent} with the
 * agent's kind, and has the attributes of {@link GenAiKey} besides its own. Its name in meters stays {@code flotilla.step}.
 *
 * <p>To be given to the engine ({@code StepEngine.Builder.observationConvention}) or, for all engines, to the registry:
 *
 * <pre>{@code
 * observationRegistry.observationConfig()
 *         .observationConvention(new GenAiStepConvention("openai"))
 *         .observationConvention(new GenAiRunConvention());
 * }</pre>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public class GenAiStepConvention extends FlotillaObservationConvention<StepObservationContext> {

    /** The provider if nothing else is said. */
    public static final String DEFAULT_PROVIDER = "flotilla";

    private static final String OPERATION = "invoke_agent";

    private final String provider;

    /** A convention with {@value #DEFAULT_PROVIDER} as the provider. */
    public GenAiStepConvention() {
        this(DEFAULT_PROVIDER);
    }

    /**
     * A convention for agents of one provider.
     *
     * @param provider the value of {@link GenAiKey#PROVIDER_NAME}: one that the conventions know, such as {@code openai}, or another
     * @throws NullPointerException if {@code provider} is null
     * @throws IllegalArgumentException if {@code provider} is blank
     */
    public GenAiStepConvention(String provider) {
        super(FlotillaObservation.STEP);
        if (Objects.requireNonNull(provider, "provider").isBlank()) {
            throw new IllegalArgumentException("provider must not be blank, was \"" + provider + "\"");
        }
        this.provider = provider;
    }

    @Override
    public String getContextualName(StepObservationContext step) {
        return OPERATION + ' ' + step.agentKind();
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(StepObservationContext step) {
        return super.getLowCardinalityKeyValues(step)
                .and(
                        GenAiKey.OPERATION_NAME.withValue(OPERATION),
                        GenAiKey.PROVIDER_NAME.withValue(provider),
                        GenAiKey.AGENT_NAME.withValue(step.agentKind()));
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(StepObservationContext step) {
        KeyValues all = super.getHighCardinalityKeyValues(step)
                .and(GenAiKey.AGENT_ID.withValue(step.agentId().toString()));
        if (step.inputTokens() > 0) {
            all = all.and(GenAiKey.USAGE_INPUT_TOKENS.withValue(Long.toString(step.inputTokens())));
        }
        if (step.outputTokens() > 0) {
            all = all.and(GenAiKey.USAGE_OUTPUT_TOKENS.withValue(Long.toString(step.outputTokens())));
        }
        Throwable error = step.getError();
        return error == null
                ? all
                : all.and(GenAiKey.ERROR_TYPE.withValue(error.getClass().getName()));
    }
}
