package io.flotilla.observe;

import io.micrometer.common.KeyValues;

/**
 * Runs as OpenTelemetry's semantic conventions for generative AI have the invocation of a workflow: the span is {@code invoke_workflow} with the
 * workflow's name, and has the attributes of {@link GenAiKey} besides its own. Its name in meters stays {@code flotilla.run}. It is given to the
 * engine or the registry, as {@link GenAiStepConvention} is.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public class GenAiRunConvention extends FlotillaObservationConvention<RunObservationContext> {

    private static final String OPERATION = "invoke_workflow";

    /** The convention of runs. */
    public GenAiRunConvention() {
        super(FlotillaObservation.RUN);
    }

    @Override
    public String getContextualName(RunObservationContext run) {
        return OPERATION + ' ' + run.workflow();
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(RunObservationContext run) {
        return super.getLowCardinalityKeyValues(run)
                .and(GenAiKey.OPERATION_NAME.withValue(OPERATION), GenAiKey.WORKFLOW_NAME.withValue(run.workflow()));
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(RunObservationContext run) {
        KeyValues all = super.getHighCardinalityKeyValues(run);
        Throwable error = run.getError();
        return error == null
                ? all
                : all.and(GenAiKey.ERROR_TYPE.withValue(error.getClass().getName()));
    }
}
