package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#RUN}.
 *
 * @since 0.1
 */
public final class RunObservationContext extends FlotillaObservationContext {

    private final String workflow;
    private final String runId;

    /**
     * A run that has not started yet.
     *
     * @param workflow the name of its workflow, or {@link FlotillaKey#OTHER}
     * @param runId its id
     * @throws NullPointerException if an argument is null
     */
    public RunObservationContext(String workflow, String runId) {
        super(FlotillaObservation.RUN);
        this.workflow = Objects.requireNonNull(workflow, "workflow");
        this.runId = Objects.requireNonNull(runId, "runId");
    }

    /**
     * The name of the run's workflow, as {@link FlotillaKey#WORKFLOW} bounds it.
     *
     * @return the name
     */
    public String workflow() {
        return workflow;
    }

    /**
     * The run's id.
     *
     * @return the id
     */
    public String runId() {
        return runId;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.WORKFLOW) {
            return workflow;
        }
        return key == FlotillaKey.RUN_ID ? runId : super.value(key);
    }
}
