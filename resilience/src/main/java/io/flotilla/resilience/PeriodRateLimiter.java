package io.flotilla.resilience;

import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;

/**
 * Resilience4j's rate limiter: permits for fixed periods. Its own operator delays {@code onSubscribe}, and what it has
 * reserved for a later period cannot be given back; so it is asked only when it has a permit now.
 */
final class PeriodRateLimiter extends RateLimiterGuard {

    private final RateLimiter rateLimiter;
    private final Complaint consumers = new Complaint("a consumer of a rate limiter's events");

    PeriodRateLimiter(RateLimiter rateLimiter, int maxQueued, Duration queueTimeout) {
        super(maxQueued, queueTimeout);
        this.rateLimiter = rateLimiter;
    }

    @Override
    boolean tryAcquire() {
        return mayAcquire() && Uninterrupted.ask(this::acquire);
    }

    private boolean acquire() {
        try {
            return rateLimiter.reservePermission() == 0;
        } catch (Throwable thrown) { // its consumers are called when the permit is gone
            consumers.about(thrown);
            return true;
        }
    }

    @Override
    boolean mayAcquire() {
        return rateLimiter.getMetrics().getAvailablePermissions() > 0;
    }

    @Override
    long nanosToNext(int position) {
        long period = rateLimiter.getRateLimiterConfig().getLimitRefreshPeriod().toNanos();
        long next = rateLimiter instanceof AtomicRateLimiter atomic
                ? Math.max(0, atomic.getDetailedMetrics().getNanosToWait())
                : period;
        long periods = position / rateLimiter.getRateLimiterConfig().getLimitForPeriod();
        return periods > (Long.MAX_VALUE - next) / period ? Long.MAX_VALUE : next + periods * period;
    }

    @Override
    String rate() {
        return rateLimiter.getRateLimiterConfig().getLimitForPeriod() + " each "
                + rateLimiter.getRateLimiterConfig().getLimitRefreshPeriod();
    }
}
