package io.flotilla.resilience;

import io.flotilla.step.EngineTime;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Resilience4j's circuit breaker, which it keeps honest in two ways.
 *
 * <p>An attempt belongs to the state it was let through in: one that began while the breaker was closed and ends while it is
 * half-open is none of the trial, and giving its permit back would let one more through on trial than may be. So each
 * attempt takes the number of the current state along, and counts only if that is still it.
 *
 * <p>A half-open breaker whose trial does not end opens again; Resilience4j does that by a thread of its own in real time,
 * here whoever comes next looks at the engine's clock.
 */
final class BreakerGuard {

    private final String key;
    private final CircuitBreaker breaker;
    private final EngineTime time;
    private final Duration openFor;
    private final long halfOpenNanos;
    private final Consumer<BreakerChange> changes;

    private volatile int stateNumber;
    private volatile long stateSince;

    BreakerGuard(
            String key,
            CircuitBreaker breaker,
            EngineTime time,
            Duration openFor,
            Duration halfOpenFor,
            Consumer<BreakerChange> changes) {
        this.key = key;
        this.breaker = breaker;
        this.time = time;
        this.openFor = openFor;
        this.halfOpenNanos = halfOpenFor.toNanos();
        this.changes = changes;
        this.stateSince = time.nanoTime();
        breaker.getEventPublisher()
                .onStateTransition(event -> changed(
                        stateOf(event.getStateTransition().getFromState()),
                        stateOf(event.getStateTransition().getToState())));
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // transitions come one at a time
    private void changed(BreakerChange.State from, BreakerChange.State to) {
        stateNumber++;
        stateSince = time.nanoTime();
        changes.accept(new BreakerChange(key, from, to, time.now()));
    }

    static BreakerChange.State stateOf(CircuitBreaker.State state) {
        return switch (state) {
            case CLOSED -> BreakerChange.State.CLOSED;
            case OPEN -> BreakerChange.State.OPEN;
            case HALF_OPEN -> BreakerChange.State.HALF_OPEN;
            default -> BreakerChange.State.SPECIAL;
        };
    }

    BreakerChange.State state() {
        return stateOf(breaker.getState());
    }

    /** The number of the state the attempt is let through in, or -1. */
    int tryAcquire() {
        if (breaker.getState() == CircuitBreaker.State.HALF_OPEN && time.nanoTime() - stateSince >= halfOpenNanos) {
            breaker.transitionToOpenState();
        }
        // An open breaker whose time is over begins its trial in here: the number is read afterwards.
        return breaker.tryAcquirePermission() ? stateNumber : -1;
    }

    void succeeded(int state, long nanos) {
        if (state == stateNumber) {
            breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
        }
    }

    void failed(int state, long nanos, Throwable cause) {
        if (state == stateNumber) {
            breaker.onError(nanos, TimeUnit.NANOSECONDS, cause);
        }
    }

    void cancelled(int state) {
        if (state == stateNumber) {
            breaker.releasePermission();
        }
    }

    StepRejectedException refusal() {
        long age = time.nanoTime() - stateSince;
        BreakerChange.State state = state();
        Duration again = state == BreakerChange.State.OPEN
                ? Duration.ofNanos(Math.max(0, openFor.toNanos() - age))
                : state == BreakerChange.State.HALF_OPEN ? Duration.ofNanos(Math.max(0, halfOpenNanos - age)) : null;
        return new StepRejectedException("breaker", key + " is " + state + " since " + Duration.ofNanos(age), again);
    }
}
