package io.flotilla.resilience;

import io.flotilla.step.StepCall;
import java.time.Duration;
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

    Retrying(Resilience resilience, RetryPolicy policy, StepCall<?, O> call) {
        this.resilience = resilience;
        this.policy = policy;
        this.call = call;
    }

    Mono<O> after(Throwable first, Mono<O> attempts) {
        Mono<O> others = policy.maxAttempts() == 2
                ? attempts
                : attempts.retryWhen(Retry.from(failures ->
                        failures.concatMap(failure -> turn((int) failure.totalRetries() + 3, failure.failure()))));
        return turn(2, first).then(others);
    }

    /**
     * A value when it is the turn of the attempt of that number; the error the step ends with if there is to be none. What
     * the user's functions throw is such an error, fatal or not: thrown from here, it would end on whichever thread the
     * attempt failed on, and the step would hang.
     */
    private Mono<Integer> turn(int attempt, Throwable cause) {
        Duration delay;
        try {
            delay = delayBefore(attempt, cause);
        } catch (Throwable thrown) {
            return failed(thrown);
        }
        return delay == null ? failed(cause) : wait(delay);
    }

    /** Hidden, since operators call a bare {@code Mono.error} instead of subscribing, and throw a fatal error. */
    static <T> Mono<T> failed(Throwable cause) {
        return Mono.<T>error(cause).hide();
    }

    private Mono<Integer> wait(Duration delay) {
        return Mono.create(sink -> sink.onDispose(call.clock().schedule(delay, () -> sink.success(1))));
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
        resilience.meters().retried(resilience.boundedKey(call.context()));
        return delay;
    }

    /** An attempt that would start at the deadline or later cannot end in time. */
    private boolean endsTooLate(Duration delay) {
        Duration left = call.timeRemaining();
        return left != null && delay.compareTo(left) >= 0;
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
