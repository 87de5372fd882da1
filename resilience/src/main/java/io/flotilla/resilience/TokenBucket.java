package io.flotilla.resilience;

import io.flotilla.step.EngineClock;

/**
 * A token bucket as the Generic Cell Rate Algorithm keeps it (ITU-T Recommendation I.371, "virtual scheduling"): no count
 * and no refill, only the theoretical arrival time {@code tat} of the next attempt if all came at exactly the rate.
 *
 * <pre>
 * interval = ceil(period / permits)
 * an attempt at time t may start if   t >= tat - (burst - 1) * interval
 * and then                            tat = max(t, tat) + interval
 * </pre>
 *
 * <p>So in any half-open window of length w at most {@code ceil(w / interval) + burst - 1} start: of one period, {@code
 * permits + burst - 1}. All fields are guarded by the line's lock.
 */
final class TokenBucket extends RateLimiterGuard {

    private final RateLimiterPolicy policy;
    private final EngineClock clock;
    private final long interval;
    private final long tolerance;
    private long tat;

    TokenBucket(RateLimiterPolicy policy, EngineClock clock) {
        super(policy.maxQueued(), policy.queueTimeout());
        this.policy = policy;
        this.clock = clock;
        this.interval = policy.intervalNanos();
        this.tolerance = interval * (policy.burst() - 1);
        this.tat = clock.nanoTime();
    }

    @Override
    boolean tryAcquire() {
        long now = clock.nanoTime();
        if (nanosUntilConforming(now) > 0) {
            return false;
        }
        tat = (tat - now > 0 ? tat : now) + interval;
        return true;
    }

    @Override
    boolean mayAcquire() {
        return nanosUntilConforming(clock.nanoTime()) <= 0;
    }

    /** Readings of the clock are only ever compared by their difference. */
    private long nanosUntilConforming(long now) {
        return tat - now - tolerance;
    }

    @Override
    long nanosToNext(int position) {
        long next = Math.max(0, nanosUntilConforming(clock.nanoTime()));
        return position > (Long.MAX_VALUE - next) / interval ? Long.MAX_VALUE : next + position * interval;
    }

    @Override
    String rate() {
        return policy.permits() + " each " + policy.period() + " in bursts of " + policy.burst();
    }
}
