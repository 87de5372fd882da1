package io.flotilla.resilience;

import io.flotilla.step.EngineTime;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One attempt on its way through the guards: budget, place in the bulkhead, permit of the limiter, breaker, then the body
 * with a time limit; and back.
 *
 * <p>One object instead of an operator a guard. {@code onSubscribe} goes down at once, whatever is waited for, so that an
 * outer timeout and a cancel reach it. What has been acquired stands as bits in {@link #held}, together with {@link #ENDED}:
 * whoever sets that bit first gives back what the others say, and an acquisition that finds it set gives itself back. So
 * every permit is given back exactly once, whichever of value, error, time limit and cancel comes first, and on whichever
 * thread.
 *
 * <p>The time limit is armed after the body has been subscribed to and only if it has not ended by then: an attempt that ends
 * at once arms no timer.
 */
final class Attempt<O> implements CoreSubscriber<O>, Subscription, WaitingLine.Waiter {

    private static final int BUDGET = 1;
    private static final int PLACE = 2;
    private static final int PROBE = 4;
    private static final int ENDED = 8;

    /** How an attempt ended: by its body, or while that may still run. */
    private enum End {
        SUCCEEDED,
        FAILED,
        TIMED_OUT,
        CANCELLED
    }

    private final Resilience resilience;
    private final Guards guards;
    private final @Nullable BudgetUse budget;
    private final Mono<O> body;
    private final EngineTime time;
    private final CoreSubscriber<? super O> actual;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile int held;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile @Nullable Subscription upstream;

    private volatile @Nullable WaitingLine line;
    private volatile @Nullable Disposable limit;
    private int breakerState;
    private long bodyNanos;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Attempt> HELD =
            AtomicIntegerFieldUpdater.newUpdater(Attempt.class, "held");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<Attempt, @Nullable Subscription> UPSTREAM =
            AtomicReferenceFieldUpdater.newUpdater(Attempt.class, Subscription.class, "upstream");

    Attempt(
            Resilience resilience,
            Guards guards,
            @Nullable BudgetUse budget,
            Mono<O> body,
            CoreSubscriber<? super O> actual) {
        this.resilience = resilience;
        this.guards = guards;
        this.budget = budget;
        this.body = body;
        this.time = guards.time();
        this.actual = actual;
    }

    void start() {
        actual.onSubscribe(this);
        if (budget != null) {
            StepRejectedException refusal = budget.reserve();
            if (refusal != null) {
                refused(refusal);
                return;
            }
            if (!holds(BUDGET)) {
                budget.release();
                return;
            }
        }
        enterBulkhead();
    }

    // --- on the way in; one thread at a time, handed on through the lines

    private void enterBulkhead() {
        BulkheadGuard bulkhead = guards.bulkhead();
        if (bulkhead == null) {
            enterLimiter();
            return;
        }
        line = bulkhead;
        switch (bulkhead.ask(this, time)) {
            case ADMITTED -> hasPlace(bulkhead);
            case WAITING -> leaveIfEnded(bulkhead);
            case FULL -> refused(bulkhead.refusal("full"));
        }
    }

    private void hasPlace(BulkheadGuard bulkhead) {
        line = null;
        if (holds(PLACE)) {
            enterLimiter();
        } else {
            bulkhead.giveBack();
            bulkhead.pump(time);
        }
    }

    private void enterLimiter() {
        LimiterGuard limiter = guards.limiter();
        if (limiter == null) {
            enterBreaker();
            return;
        }
        line = limiter;
        switch (limiter.ask(this, time)) {
            case ADMITTED -> {
                line = null;
                enterBreaker();
            }
            case WAITING -> leaveIfEnded(limiter);
            case FULL -> refused(limiter.refusal("used up"));
        }
    }

    @Override
    public void admitted() {
        WaitingLine from = line;
        line = null;
        if (from instanceof BulkheadGuard bulkhead) {
            hasPlace(bulkhead);
        } else if (!hasEnded()) {
            enterBreaker();
        }
    }

    @Override
    public void waitedTooLong() {
        WaitingLine from = line;
        if (from instanceof BulkheadGuard bulkhead) {
            refused(bulkhead.refusal("no place within " + bulkhead.maxWait()));
        } else if (from instanceof LimiterGuard limiter) {
            refused(limiter.refusal("no permit within " + limiter.maxWait()));
        }
    }

    /** A cancel that came before we stood in the line has not taken us off it. */
    private void leaveIfEnded(WaitingLine entered) {
        if (hasEnded()) {
            entered.leave(this);
        }
    }

    private void enterBreaker() {
        BreakerGuard breaker = guards.breaker();
        if (breaker != null) {
            int state = breaker.tryAcquire();
            if (state < 0) {
                refused(breaker.refusal());
                return;
            }
            breakerState = state;
            if (!holds(PROBE)) {
                breaker.cancelled(state);
                return;
            }
        }
        bodyNanos = time.nanoTime();
        try {
            body.subscribe(this);
        } catch (
                Throwable thrown) { // by an interceptor further in: nobody else would hear of it on the worker's thread
            failed(thrown);
            return;
        }
        armLimit();
    }

    /** What the body has taken before it returned is part of its time. */
    private void armLimit() {
        Duration attemptTimeout = resilience.attemptTimeout();
        if (attemptTimeout != null && !hasEnded()) {
            Disposable armed = time.after(attemptTimeout.minusNanos(time.nanoTime() - bodyNanos), this::timedOut);
            limit = armed;
            if (hasEnded()) {
                armed.dispose();
            }
        }
    }

    // --- what is held

    private boolean hasEnded() {
        return (held & ENDED) != 0;
    }

    /** Notes an acquisition. False if the attempt has ended: then the caller gives it back. */
    private boolean holds(int permit) {
        for (; ; ) {
            int now = held;
            if ((now & ENDED) != 0) {
                return false;
            }
            if (HELD.compareAndSet(this, now, now | permit)) {
                return true;
            }
        }
    }

    /**
     * Ends the attempt and gives back all it holds; a body that has not ended by itself is stopped first, or the next would
     * run beside it. False if the attempt has ended before.
     */
    private boolean end(End how, @Nullable Throwable cause) {
        int had;
        do {
            had = held;
            if ((had & ENDED) != 0) {
                return false;
            }
        } while (!HELD.compareAndSet(this, had, had | ENDED));
        Disposable armed = limit;
        if (armed != null) {
            armed.dispose();
        }
        try {
            if (how == End.TIMED_OUT || how == End.CANCELLED) {
                Operators.terminate(UPSTREAM, this);
            }
        } finally {
            giveBack(had, how, cause);
        }
        return true;
    }

    private void giveBack(int had, End how, @Nullable Throwable cause) {
        if ((had & PROBE) != 0) {
            tellBreaker(how, cause);
        }
        BulkheadGuard bulkhead = guards.bulkhead();
        if ((had & PLACE) != 0 && bulkhead != null) {
            bulkhead.release(time);
        }
        if ((had & BUDGET) != 0 && budget != null) {
            budget.release();
        }
    }

    private void tellBreaker(End how, @Nullable Throwable cause) {
        BreakerGuard breaker = guards.breaker();
        if (breaker != null) {
            long nanos = time.nanoTime() - bodyNanos;
            if (how == End.SUCCEEDED) {
                breaker.succeeded(breakerState, nanos);
            } else if (how != End.CANCELLED && cause != null) {
                breaker.failed(breakerState, nanos, cause);
            } else {
                breaker.cancelled(breakerState);
            }
        }
    }

    // --- how it ends

    private void refused(StepRejectedException refusal) {
        if (end(End.CANCELLED, refusal)) {
            resilience.meters().rejected(guards.key(), refusal.guard());
            actual.onError(refusal);
        }
    }

    private void failed(Throwable cause) {
        if (end(End.FAILED, cause)) {
            actual.onError(cause);
        }
    }

    private void timedOut() {
        Duration attemptTimeout = resilience.attemptTimeout();
        if (attemptTimeout == null) {
            return;
        }
        StepTimeoutException cause = new StepTimeoutException(
                "an attempt of " + guards.key() + " passed the attempt timeout of " + attemptTimeout, attemptTimeout);
        if (end(End.TIMED_OUT, cause)) {
            resilience.meters().timedOut(guards.key());
            actual.onError(cause);
        }
    }

    @Override
    public void cancel() {
        if (end(End.CANCELLED, null)) {
            WaitingLine from = line;
            if (from != null) {
                from.leave(this);
            }
        }
    }

    @Override
    public void request(long n) {
        Operators.validate(n); // one value at most: all is asked for anyway
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.setOnce(UPSTREAM, this, subscription)) {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(O value) {
        if (end(End.SUCCEEDED, null)) {
            actual.onNext(value);
            actual.onComplete();
        } else {
            Operators.onDiscard(value, currentContext());
        }
    }

    @Override
    public void onComplete() {
        if (end(End.SUCCEEDED, null)) {
            actual.onComplete();
        }
    }

    @Override
    public void onError(Throwable cause) {
        failed(cause);
    }
}
