package io.flotilla.resilience;

import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;

/**
 * Resilience4j's rate limiter: permits for fixed periods. Its own operator delays {@code onSubscribe}, and what it has
 * reserved for a later period cannot be given back; so it is asked only when it has a permit now.
 */
final class PeriodLimiter extends LimiterGuard {

    private final RateLimiter limiter;
    private final Complaint consumers = new Complaint("a consumer of a rate limiter's events");

    PeriodLimiter(RateLimiter limiter, int maxWaiting, Duration maxWait) {
        super(maxWaiting, maxWait);
        this.limiter = limiter;
    }

    @Override
    boolean tryAcquire() {
        return mayAcquire() && Uninterrupted.ask(this::acquire);
    }

    private boolean acquire() {
        try {
            return limiter.reservePermission() == 0;
        } catch (Throwable thrown) { // its consumers are told when the permit is gone
            consumers.about(thrown);
            return true;
        }
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

    @Override
    String rate() {
        return limiter.getRateLimiterConfig().getLimitForPeriod() + " each "
                + limiter.getRateLimiterConfig().getLimitRefreshPeriod();
    }
}
