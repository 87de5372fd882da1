package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#ROUND}.
 *
 * @since 0.1
 */
public final class RoundObservationContext extends FlotillaObservationContext {

    private final String runId;

    /**
     * A round that has not started yet.
     *
     * @param runId its id
     * @throws NullPointerException if {@code runId} is null
     */
    public RoundObservationContext(String runId) {
        super(FlotillaObservation.ROUND);
        this.runId = Objects.requireNonNull(runId, "runId");
    }

    /**
     * The round's id, which is the run id of its steps.
     *
     * @return the id
     */
    public String runId() {
        return runId;
    }

    @Override
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.RUN_ID ? runId : super.value(key);
    }
}
