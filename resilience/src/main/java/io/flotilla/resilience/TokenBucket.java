package io.flotilla.resilience;

import io.flotilla.step.EngineTime;

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
final class TokenBucket extends LimiterGuard {

    private final LimiterPolicy policy;
    private final EngineTime time;
    private final long interval;
    private final long tolerance;
    private long tat;

    TokenBucket(LimiterPolicy policy, EngineTime time) {
        super(policy.maxWaiting(), policy.maxWait());
        this.policy = policy;
        this.time = time;
        this.interval = policy.intervalNanos();
        this.tolerance = interval * (policy.burst() - 1);
        this.tat = time.nanoTime();
    }

    @Override
    boolean tryAcquire() {
        long now = time.nanoTime();
        if (nanosUntilConforming(now) > 0) {
            return false;
        }
        tat = (tat - now > 0 ? tat : now) + interval;
        return true;
    }

    @Override
    boolean mayAcquire() {
        return nanosUntilConforming(time.nanoTime()) <= 0;
    }

    /** Readings of the clock are only ever compared by their difference. */
    private long nanosUntilConforming(long now) {
        return tat - now - tolerance;
    }

    @Override
    long nanosToNext(int position) {
        long next = Math.max(0, nanosUntilConforming(time.nanoTime()));
        return position > (Long.MAX_VALUE - next) / interval ? Long.MAX_VALUE : next + position * interval;
    }

    @Override
    String rate() {
        return policy.permits() + " each " + policy.period() + " in bursts of " + policy.burst();
    }
}
