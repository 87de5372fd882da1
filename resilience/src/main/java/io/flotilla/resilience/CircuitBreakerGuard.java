package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import io.flotilla.step.StepRejectedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Resilience4j's circuit breaker, which it keeps honest in two ways.
 *
 * <p>An attempt belongs to the state it was let through in: one that began while the breaker was closed and ends while it is
 * half-open is none of the trial, and giving its permit back would let one more through on trial than may be. So each
 * attempt takes the number of the current state along, and counts only if that is still it.
 *
 * <p>A half-open breaker whose trial does not end opens again; Resilience4j does that by a thread of its own in real time,
 * here the next attempt looks at the engine's time. An open breaker also begins its trial then, as soon as {@code openDuration} is
 * over, as {@code retryAfter} has promised; a breaker of a registry handed in decides that itself.
 *
 * <p>While the breaker is closed no attempt waits for another. Else one attempt at a time asks: two that both find a trial overdue
 * must not end it twice, and an attempt that is let through must see the number of the state that let it.
 *
 * <p>Resilience4j shows a new state before it publishes the transition. All that may change the state is under one lock, so that a state
 * and its number are never seen apart: a probe that took the number of the state before would keep its permit for ever.
 */
final class CircuitBreakerGuard {

    private final String key;
    private final CircuitBreaker circuitBreaker;
    private final EngineClock clock;
    private final boolean ours;
    private final long openNanos;
    private final long halfOpenNanos;
    private final Consumer<CircuitBreakerTransition> changes;

    private final Complaint functions = new Complaint("a function of a circuit breaker's configuration");
    private final Complaint clockComplaint = new Complaint("the engine's clock");

    private volatile int stateNumber;
    private volatile long stateSince;

    // Guarded by this.
    private CircuitBreaker.State known;
    private Instant lastAt = Instant.EPOCH;

    CircuitBreakerGuard(
            String key,
            CircuitBreaker circuitBreaker,
            EngineClock clock,
            CircuitBreakerPolicy policy,
            boolean ours,
            Consumer<CircuitBreakerTransition> changes) {
        this.key = key;
        this.circuitBreaker = circuitBreaker;
        this.clock = clock;
        this.ours = ours;
        this.openNanos = ours ? policy.openDuration().toNanos() : configuredOpenNanos(circuitBreaker);
        this.halfOpenNanos = policy.maxHalfOpenDuration().toNanos();
        this.changes = changes;
        this.stateSince = clock.nanoTime();
        this.known = circuitBreaker.getState();
        if (!ours) {
            // Only this guard changes a breaker that it has made; and with a consumer, Resilience4j makes an event of
            // each call.
            circuitBreaker
                    .getEventPublisher()
                    .onStateTransition(event -> transitioned(
                            event.getStateTransition().getFromState(),
                            event.getStateTransition().getToState()));
        }
    }

    /** Of a breaker whose waits grow, the first. */
    private static long configuredOpenNanos(CircuitBreaker circuitBreaker) {
        return TimeUnit.MILLISECONDS.toNanos(circuitBreaker
                .getCircuitBreakerConfig()
                .getWaitIntervalFunctionInOpenState()
                .apply(1));
    }

    private synchronized void transitioned(CircuitBreaker.State from, CircuitBreaker.State to) {
        if (from == to || to != known) {
            changed(from, to);
        }
    }

    /** A consumer of the user's that throws keeps the transition from the consumers behind it, this one among them. */
    private void look() {
        CircuitBreaker.State now = circuitBreaker.getState();
        if (now != known) {
            changed(known, now);
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private void changed(CircuitBreaker.State from, CircuitBreaker.State to) {
        known = to;
        stateNumber++;
        stateSince = clock.nanoTime();
        changes.accept(new CircuitBreakerTransition(key, stateOf(from), stateOf(to), instant()));
    }

    /** The time of the change before, if the user's clock throws: the change itself is to be known. */
    private Instant instant() {
        try {
            lastAt = clock.now();
        } catch (Throwable thrown) {
            clockComplaint.about(thrown);
        }
        return lastAt;
    }

    static CircuitBreakerTransition.State stateOf(CircuitBreaker.State state) {
        return switch (state) {
            case CLOSED -> CircuitBreakerTransition.State.CLOSED;
            case OPEN -> CircuitBreakerTransition.State.OPEN;
            case HALF_OPEN -> CircuitBreakerTransition.State.HALF_OPEN;
            default -> CircuitBreakerTransition.State.SPECIAL;
        };
    }

    CircuitBreakerTransition.State state() {
        return stateOf(circuitBreaker.getState());
    }

    /** Whether the next attempt would be refused; not if it would begin the trial of a breaker that has been open for long enough. */
    boolean isRefusing() {
        return switch (circuitBreaker.getState()) {
            case OPEN -> !ours || age() < openNanos;
            case FORCED_OPEN -> true;
            default -> false;
        };
    }

    /** The number of the state the attempt is let through in, or -1. */
    synchronized int tryAcquire() {
        look();
        CircuitBreaker.State state = known;
        if (state == CircuitBreaker.State.HALF_OPEN && age() >= halfOpenNanos) {
            circuitBreaker.transitionToOpenState();
            look();
        } else if (ours && state == CircuitBreaker.State.OPEN && age() >= openNanos) {
            circuitBreaker.transitionToHalfOpenState();
            look();
        }
        return acquire();
    }

    private long age() {
        return clock.nanoTime() - stateSince;
    }

    /** An open breaker of a registry may begin its trial in here: the number is read afterwards. */
    private int acquire() {
        boolean permitted = circuitBreaker.tryAcquirePermission();
        look();
        return permitted ? stateNumber : -1;
    }

    synchronized void succeeded(int state, long nanos) {
        tell(state, nanos, null);
    }

    synchronized void failed(int state, long nanos, Throwable cause) {
        tell(state, nanos, cause);
    }

    /**
     * What the breaker asks the user of a registry, such as which exceptions count, may throw. Then the attempt does not
     * count, and a permit of the trial is back.
     */
    private void tell(int state, long nanos, @Nullable Throwable cause) {
        look();
        if (state != stateNumber) {
            return;
        }
        try {
            if (cause == null) {
                circuitBreaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
            } else {
                circuitBreaker.onError(nanos, TimeUnit.NANOSECONDS, cause);
            }
        } catch (Throwable thrown) {
            functions.about(thrown);
            look();
            if (state == stateNumber) {
                circuitBreaker.releasePermission();
            }
        }
        look();
    }

    synchronized void cancelled(int state) {
        look();
        if (state == stateNumber) {
            circuitBreaker.releasePermission();
        }
    }

    StepRejectedException refusal() {
        long age = age();
        CircuitBreakerTransition.State state = state();
        Duration again = state == CircuitBreakerTransition.State.OPEN
                ? Duration.ofNanos(Math.max(0, openNanos - age))
                : state == CircuitBreakerTransition.State.HALF_OPEN
                        ? Duration.ofNanos(Math.max(0, halfOpenNanos - age))
                        : null;
        return new StepRejectedException(
                "circuitbreaker", key + " is " + state + " since " + Duration.ofNanos(age), again);
    }
}
