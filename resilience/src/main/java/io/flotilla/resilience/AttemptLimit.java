package io.flotilla.resilience;

import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How long one attempt may take, and how long it may be silent: neither emit nor end. At least one of them is there.
 *
 * @param timeout in all; null without a limit
 * @param idle in silence; null without a limit
 */
record AttemptLimit(@Nullable Duration timeout, @Nullable Duration idle) {

    static @Nullable AttemptLimit of(@Nullable Duration timeout, @Nullable Duration idle) {
        return timeout == null && idle == null ? null : new AttemptLimit(timeout, idle);
    }

    /** In how long the first of them has passed if nothing is emitted; zero or less if one has. */
    Duration remaining(Duration took, Duration silent) {
        Duration untilIdle = idle == null ? null : idle.minus(silent);
        if (timeout == null) {
            return Objects.requireNonNull(untilIdle);
        }
        Duration untilTimeout = timeout.minus(took);
        return untilIdle == null || untilTimeout.compareTo(untilIdle) <= 0 ? untilTimeout : untilIdle;
    }

    boolean isPassed(Duration took, Duration silent) {
        Duration remaining = remaining(took, silent);
        return remaining.isZero() || remaining.isNegative();
    }

    /** Names the one that has passed. */
    StepTimeoutException passed(String key, Duration took) {
        Duration inAll = timeout;
        Duration silence = idle;
        if (silence == null || (inAll != null && took.compareTo(inAll) >= 0)) {
            Duration limit = Objects.requireNonNull(inAll);
            return new StepTimeoutException("an attempt of " + key + " passed the attempt timeout of " + limit, limit);
        }
        return new StepTimeoutException(
                "an attempt of " + key + " passed the attempt idle timeout of " + silence
                        + ": it neither emitted nor ended",
                silence);
    }
}
