package io.flotilla.step;

import io.flotilla.agent.Usage;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Makes the result of a step that has ended. */
final class Outcomes {

    private Outcomes() {}

    /** {@code attempts} is null where nothing can make a second one. */
    static <O> StepResult<O> succeeded(Step<?, O> step, @Nullable Attempts<?, O> attempts, @Nullable O value) {
        long nanos = step.elapsedNanos();
        return attempts == null
                ? new StepResult.Succeeded<>(step.agentId, step.index, 1, step.startedAt(), nanos, value, step.used())
                : attempts.succeeded(step.startedAt(), nanos, value);
    }

    /** Which kind of failure it is; {@code last} is what the chain of attempts ended with. */
    static <O> StepResult<O> failed(Step<?, O> step, @Nullable Attempts<?, O> attempts, Throwable last) {
        Instant began = step.startedAt();
        long nanos = step.elapsedNanos();
        Usage used = step.used();
        int count = attempts == null ? 1 : attempts.count();
        Throwable first = attempts == null ? last : attempts.firstCause(last);
        Throwable cause = attempts == null ? first : attempts.suppressing(first);
        Throwable kind = last instanceof StepTimeoutException ? last : first;
        if (kind instanceof StepTimeoutException timeout) {
            return new StepResult.TimedOut<>(
                    step.agentId, step.index, count, began, nanos, timeout.limit(), cause, used);
        }
        Refusal refusal = Refusal.of(first);
        if (refusal != null) {
            return new StepResult.Rejected<>(
                    step.agentId, step.index, count, began, nanos, refusal.guard(), refusal.retryAfter(), cause, used);
        }
        if (first instanceof CancellationException) {
            return new StepResult.Cancelled<>(step.agentId, step.index, count, began, nanos, cause, used);
        }
        return new StepResult.Failed<>(step.agentId, step.index, count, began, nanos, cause, used);
    }
}
