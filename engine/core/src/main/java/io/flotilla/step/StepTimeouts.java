package io.flotilla.step;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The timeouts that agents have of their own: by agent, then by kind, then by a function. A builder's own, or a copy nobody changes. */
final class StepTimeouts {

    private final Map<AgentId, Duration> byAgent = new HashMap<>();
    private final Map<String, Duration> byKind = new HashMap<>();
    private @Nullable Function<? super AgentId, ? extends @Nullable Duration> function;

    void put(AgentId agent, Duration timeout) {
        byAgent.put(Objects.requireNonNull(agent, "agent"), checked(timeout));
    }

    void put(String kind, Duration timeout) {
        byKind.put(new AgentId(kind, null).kind(), checked(timeout));
    }

    void by(Function<? super AgentId, ? extends @Nullable Duration> timeouts) {
        function = Objects.requireNonNull(timeouts, "timeouts");
    }

    void putAll(StepTimeouts others) {
        byAgent.putAll(others.byAgent);
        byKind.putAll(others.byKind);
        function = others.function;
    }

    boolean isEmpty() {
        return byAgent.isEmpty() && byKind.isEmpty() && function == null;
    }

    /** The agent's own, or null. Throws what the function throws, and if its answer is out of bounds. */
    @Nullable Duration of(AgentId agent) {
        Duration own = byAgent.get(agent);
        if (own == null) {
            own = byKind.get(agent.kind());
        }
        if (own == null && function != null) {
            own = function.apply(agent);
            if (own != null) {
                checkAnswer(agent, own);
            }
        }
        return own;
    }

    private static void checkAnswer(AgentId agent, Duration answer) {
        try {
            checked(answer);
        } catch (IllegalArgumentException outOfBounds) {
            throw new IllegalArgumentException("agent " + agent + ": " + outOfBounds.getMessage(), outOfBounds);
        }
    }

    /** The bounds of every step timeout. */
    static Duration checked(Duration timeout) {
        return checked(timeout, "stepTimeout");
    }

    static Duration checked(Duration timeout, String name) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + timeout);
        }
        try {
            long unused = timeout.toNanos();
            return timeout;
        } catch (ArithmeticException tooLong) {
            throw new IllegalArgumentException(name + " must be <= 292 years, was " + timeout, tooLong);
        }
    }
}
