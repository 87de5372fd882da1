package io.flotilla.step;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A step that failed, as alerts and dashboards want it: without its input or value. Immutable.
 *
 * @param agentId whose step it was
 * @param stepId the step's id, as in the log line
 * @param index the step's place in its round
 * @param kind {@link StepResult.Kind#FAILED}, {@link StepResult.Kind#TIMED_OUT}, {@link StepResult.Kind#REJECTED} or
 *     {@link StepResult.Kind#CANCELLED}
 * @param cause the first cause
 * @param attempts how many times the agent was called
 * @param startedAt when the step started
 * @param duration how long it took
 * @since 0.1
 */
public record StepFailure(
        AgentId agentId,
        String stepId,
        long index,
        StepResult.Kind kind,
        Throwable cause,
        int attempts,
        Instant startedAt,
        Duration duration) {

    static StepFailure of(StepResult<?> result, String stepId) {
        return new StepFailure(
                result.agentId(),
                stepId,
                result.index(),
                result.kind(),
                Objects.requireNonNull(result.cause(), "a failure has a cause"),
                result.attempts(),
                result.startedAt(),
                result.duration());
    }

    /** One line: agent, step, kind and cause. */
    @Override
    public String toString() {
        return line(Causes.describe(cause));
    }

    /** The same line, with its cause redacted. */
    String redacted(UnaryOperator<String> redact) {
        return line(Causes.describe(cause, redact));
    }

    private String line(String why) {
        return "agent=" + agentId + " step=" + stepId + " kind=" + kind + " attempts=" + attempts + " duration="
                + Causes.describe(duration) + " cause=" + why;
    }
}
