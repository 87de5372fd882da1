package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.bulkhead.Bulkhead;
import java.time.Duration;

/**
 * Resilience4j's bulkhead, which never waits (its own waiting blocks the thread), with a line before it.
 *
 * <p>It takes and gives back a place first and calls its consumers then. One that throws therefore changes nothing: the
 * place is taken, or given back.
 */
final class BulkheadGuard extends WaitingLine {

    private final Bulkhead bulkhead;
    private final Complaint consumers = new Complaint("a consumer of a bulkhead's events");

    BulkheadGuard(Bulkhead bulkhead, int maxQueued, Duration queueTimeout) {
        super(maxQueued, queueTimeout);
        this.bulkhead = bulkhead;
    }

    @Override
    boolean tryAcquire() {
        return mayAcquire() && Uninterrupted.ask(this::acquire);
    }

    private boolean acquire() {
        try {
            return bulkhead.tryAcquirePermission();
        } catch (Throwable thrown) {
            consumers.about(thrown);
            return true;
        }
    }

    @Override
    boolean mayAcquire() {
        return bulkhead.getMetrics().getAvailableConcurrentCalls() > 0;
    }

    @Override
    long nanosToNext(int position) {
        return -1;
    }

    /** Gives a place back that was not used. */
    void giveBack() {
        bulkhead.releasePermission();
    }

    /** Throws nothing that a consumer does, and lets in the next whatever happens. */
    void release(EngineClock clock) {
        try {
            bulkhead.onComplete();
        } catch (Throwable thrown) {
            consumers.about(thrown);
        }
        if (size() > 0) {
            pump(clock);
        }
    }

    StepRejectedException refusal(String why) {
        int places = bulkhead.getBulkheadConfig().getMaxConcurrentCalls();
        return new StepRejectedException(
                "bulkhead",
                why + ": " + inUse() + " of " + places + " in use, " + size() + " of " + most() + " waiting",
                null);
    }

    int inUse() {
        Bulkhead.Metrics metrics = bulkhead.getMetrics();
        return metrics.getMaxAllowedConcurrentCalls() - metrics.getAvailableConcurrentCalls();
    }
}
