package io.flotilla.observe;

import io.flotilla.AgentId;
import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#ATTEMPT}.
 *
 * @since 0.1
 */
public final class AttemptObservationContext extends FlotillaObservationContext {

    private final String agentKind;
    private final AgentId agentId;
    private final int attempt;

    /**
     * An attempt that has not started yet.
     *
     * @param agentKind the kind of the agent that is called, or {@link FlotillaKey#OTHER}
     * @param agentId the id of the agent that is called, which may be a fallback
     * @param attempt its number, from 1
     * @throws NullPointerException if an argument is null
     */
    public AttemptObservationContext(String agentKind, AgentId agentId, int attempt) {
        super(FlotillaObservation.ATTEMPT);
        this.agentKind = Objects.requireNonNull(agentKind, "agentKind");
        this.agentId = Objects.requireNonNull(agentId, "agentId");
        this.attempt = attempt;
    }

    /**
     * The kind of the agent that is called, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the kind
     */
    public String agentKind() {
        return agentKind;
    }

    /**
     * The id of the agent that is called.
     *
     * @return the id; a fallback's own
     */
    public AgentId agentId() {
        return agentId;
    }

    /**
     * The number of the attempt.
     *
     * @return a number from 1; a fallback has that of the last attempt
     */
    public int attempt() {
        return attempt;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.AGENT) {
            return agentKind;
        }
        return key == FlotillaKey.ATTEMPT ? Integer.toString(attempt) : super.value(key);
    }
}
