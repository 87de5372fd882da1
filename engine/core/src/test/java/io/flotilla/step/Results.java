package io.flotilla.step;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;

/** Results made by hand. */
final class Results {

    static final Instant START = Instant.parse("2026-01-02T12:00:00Z");

    @SuppressWarnings("StaticAssignmentOfThrowable") // only its identity matters
    static final Throwable BOOM = new IllegalStateException("boom");

    private Results() {}

    static StepResult<String> succeeded(String agent, long index, String value) {
        return succeeded(agent, index, value, Duration.ofMillis(1));
    }

    static StepResult<String> succeeded(String agent, long index, String value, Duration took) {
        return new StepResult.Succeeded<>(AgentId.of(agent), index, 1, START, took, value);
    }

    static StepResult<String> degraded(String agent, long index, String value) {
        return new StepResult.Degraded<>(
                AgentId.of(agent), index, 1, START, Duration.ofMillis(1), value, "backup", BOOM);
    }

    static StepResult<String> failed(String agent, long index, Throwable cause) {
        return new StepResult.Failed<>(AgentId.of(agent), index, 1, START, Duration.ofMillis(1), cause);
    }

    static StepResult<String> timedOut(String agent, long index) {
        Duration limit = Duration.ofSeconds(1);
        return new StepResult.TimedOut<>(
                AgentId.of(agent), index, 1, START, limit, limit, new StepTimeoutException("too late", limit));
    }

    static StepResult<String> rejected(String agent, long index) {
        return new StepResult.Rejected<>(
                AgentId.of(agent),
                index,
                0,
                START,
                Duration.ZERO,
                "circuitbreaker",
                Duration.ofSeconds(3),
                new StepRejectedException("circuitbreaker", "open", Duration.ofSeconds(3)));
    }

    static StepResult<String> cancelled(String agent, long index) {
        return new StepResult.Cancelled<>(
                AgentId.of(agent),
                index,
                1,
                START,
                Duration.ofMillis(1),
                new java.util.concurrent.CancellationException("gone"));
    }
}
