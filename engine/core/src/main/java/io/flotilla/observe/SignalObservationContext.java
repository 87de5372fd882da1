package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#SIGNAL}. It does not have the signal's value.
 *
 * @since 0.1
 */
public final class SignalObservationContext extends BranchPartContext {

    private final String signal;

    /**
     * A wait that has not begun yet.
     *
     * @param agent the name of the agent that waits, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param branch the path of its branch
     * @param signal the name of the signal
     * @throws NullPointerException if an argument is null
     */
    public SignalObservationContext(String agent, String runId, String branch, String signal) {
        super(FlotillaObservation.SIGNAL, agent, runId, branch);
        this.signal = Objects.requireNonNull(signal, "signal");
    }

    /**
     * What is waited for.
     *
     * @return the name of the signal
     */
    public String signal() {
        return signal;
    }

    @Override
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.SIGNAL ? signal : super.value(key);
    }
}
