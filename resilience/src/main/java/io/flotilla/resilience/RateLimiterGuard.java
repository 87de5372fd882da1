package io.flotilla.resilience;

import io.flotilla.step.StepRejectedException;
import java.time.Duration;

/** A rate limiter with a line before it. A permit is only taken when there is one, since none can be given back. */
abstract class RateLimiterGuard extends WaitingLine {

    RateLimiterGuard(int maxQueued, Duration queueTimeout) {
        super(maxQueued, queueTimeout);
    }

    /** Its rate, for the message of a refusal. */
    abstract String rate();

    final StepRejectedException refusal(String why) {
        Duration again;
        synchronized (this) {
            again = Duration.ofNanos(nanosToNext(size()));
        }
        return new StepRejectedException(
                "ratelimiter", why + ": " + rate() + ", " + size() + " of " + most() + " waiting", again);
    }
}
