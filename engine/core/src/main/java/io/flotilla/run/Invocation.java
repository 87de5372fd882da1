package io.flotilla.run;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One branch of a fork: which agent is called, and with what. Immutable, as far as the request is.
 *
 * @param agent the agent's name in the topology
 * @param request what its first turn has as input; null for nothing
 * @since 0.1
 */
public record Invocation(String agent, @Nullable Object request) {

    /**
     * Checks the name.
     *
     * @param agent the agent's name in the topology
     * @param request what its first turn has as input
     * @throws NullPointerException if {@code agent} is null
     */
    public Invocation {
        Objects.requireNonNull(agent, "agent");
    }

    /**
     * A branch of a fork.
     *
     * @param agent the agent's name in the topology
     * @param request what its first turn has as input
     * @return the invocation
     * @throws NullPointerException if {@code agent} is null
     */
    public static Invocation of(String agent, @Nullable Object request) {
        return new Invocation(agent, request);
    }
}
