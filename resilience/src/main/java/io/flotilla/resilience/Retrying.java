package io.flotilla.resilience;

import io.flotilla.step.StepCall;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * What happens after a first attempt has failed. Nothing of it exists before: a step that succeeds at once does not pay for
 * the machinery of errors.
 */
final class Retrying<O> {

    private final Resilience resilience;
    private final RetryPolicy policy;
    private final StepCall<?, O> call;
    private final String key;

    Retrying(Resilience resilience, RetryPolicy policy, StepCall<?, O> call, String key) {
        this.resilience = resilience;
        this.policy = policy;
        this.call = call;
        this.key = key;
    }

    Mono<O> after(Throwable first, Mono<O> attempts) {
        Duration delay = delayBefore(2, first);
        if (delay == null) {
            return Mono.error(first);
        }
        Mono<O> others = policy.maxAttempts() == 2
                ? attempts
                : attempts.retryWhen(Retry.from(failures -> failures.concatMap(failure -> {
                    Duration next = delayBefore((int) failure.totalRetries() + 3, failure.failure());
                    return next == null
                            ? Mono.error(failure.failure())
                            : wait(next).thenReturn(1);
                })));
        return wait(delay).then(others);
    }

    private Mono<Void> wait(Duration delay) {
        return Mono.create(sink -> sink.onDispose(call.time().after(delay, sink::success)));
    }

    /** How long to wait before the attempt of that number; null if there is to be none. */
    private @Nullable Duration delayBefore(int attempt, Throwable cause) {
        if (attempt > policy.maxAttempts() || !policy.isRetryable(cause)) {
            return null;
        }
        Duration delay = policy.delayAfter(attempt - 1, cause);
        if (delay == null || endsTooLate(delay) || !withinBudget()) {
            return null;
        }
        resilience.meters().retried(key);
        return delay;
    }

    /** An attempt that would start at the deadline or later cannot end in time. */
    private boolean endsTooLate(Duration delay) {
        Instant deadline = call.context().deadline();
        return deadline != null && !call.time().now().plus(delay).isBefore(deadline);
    }

    private boolean withinBudget() {
        return !policy.hasBudget() || resilience.roundRetries(call).take(policy);
    }

    /** The retries of a round, and the steps they are measured by. */
    static final class RoundRetries {

        final AtomicLong steps = new AtomicLong();
        private final AtomicLong retries = new AtomicLong();

        boolean take(RetryPolicy policy) {
            for (; ; ) {
                long so = retries.get();
                if (so >= policy.allowedRetries(steps.get())) {
                    return false;
                }
                if (retries.compareAndSet(so, so + 1)) {
                    return true;
                }
            }
        }
    }
}
