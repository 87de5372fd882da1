package io.flotilla.resilience;

import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;

/**
 * Resilience4j's rate limiter with a line before it. Its own operator delays {@code onSubscribe}, and what it has reserved for
 * a later period cannot be given back; so a permit is only taken when there is one.
 */
final class LimiterGuard extends WaitingLine {

    private final RateLimiter limiter;

    LimiterGuard(RateLimiter limiter, int maxWaiting, Duration maxWait) {
        super(maxWaiting, maxWait);
        this.limiter = limiter;
    }

    @Override
    boolean tryAcquire() {
        return mayAcquire() && limiter.reservePermission() == 0;
    }

    @Override
    boolean mayAcquire() {
        return limiter.getMetrics().getAvailablePermissions() > 0;
    }

    @Override
    long nanosToNext(int position) {
        long period = limiter.getRateLimiterConfig().getLimitRefreshPeriod().toNanos();
        long next = limiter instanceof AtomicRateLimiter atomic
                ? Math.max(0, atomic.getDetailedMetrics().getNanosToWait())
                : period;
        long periods = position / limiter.getRateLimiterConfig().getLimitForPeriod();
        return periods > (Long.MAX_VALUE - next) / period ? Long.MAX_VALUE : next + periods * period;
    }

    StepRejectedException refusal(String why) {
        Duration again;
        synchronized (this) {
            again = Duration.ofNanos(nanosToNext(size()));
        }
        int permits = limiter.getRateLimiterConfig().getLimitForPeriod();
        return new StepRejectedException(
                "limiter",
                why + ": " + permits + " each " + limiter.getRateLimiterConfig().getLimitRefreshPeriod() + ", " + size()
                        + " of " + most() + " waiting",
                again);
    }
}
