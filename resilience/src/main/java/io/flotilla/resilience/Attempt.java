package io.flotilla.resilience;

import io.flotilla.step.EngineClock;
import io.flotilla.step.StepCall;
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
 * the thread that sets that bit gives back what the other bits say, and an acquisition that finds it set gives itself back. So
 * every permit is given back exactly once, whichever of value, error, time limit and cancel comes first, and on whichever
 * thread.
 *
 * <p>It is the {@code Mono} and, for its first subscriber, the subscription: there is hardly ever a second one. A second one gets
 * an attempt of its own.
 *
 * <p>The time limit is armed after the body has been subscribed to and only if it has not ended by then: an attempt that ends
 * at once arms no timer. Until then the engine watches: a body that keeps the thread is timed out on another one.
 */
final class Attempt<O> extends Mono<O>
        implements CoreSubscriber<O>, Subscription, WaitingLine.Waiter, EngineClock.Watched {

    private static final int BUDGET = 1;
    private static final int PLACE = 2;
    private static final int PROBE = 4;
    private static final int ENDED = 8;

    /** It has its subscriber. */
    private static final int SUBSCRIBED = 16;

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

    /** The step, if it matters whether it emits. */
    private final @Nullable StepCall<?, ?> idleOf;

    private final Mono<O> body;

    /** Written once, by the thread that sets {@link #SUBSCRIBED}. */
    private CoreSubscriber<? super O> actual = Operators.emptySubscriber();

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
            @Nullable StepCall<?, ?> idleOf,
            Mono<O> body) {
        this.idleOf = idleOf;
        this.resilience = resilience;
        this.guards = guards;
        this.budget = budget;
        this.body = body;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> subscriber) {
        if (!HELD.compareAndSet(this, 0, SUBSCRIBED)) {
            new Attempt<>(resilience, guards, budget, idleOf, body).subscribe(subscriber);
            return;
        }
        actual = subscriber;
        subscriber.onSubscribe(this);
        try {
            enter();
        } catch (Throwable thrown) {
            broke(thrown);
        }
    }

    private EngineClock clock() {
        return guards.clock();
    }

    private void enter() {
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
            enterRateLimiter();
            return;
        }
        line = bulkhead;
        switch (bulkhead.ask(this, clock())) {
            case ADMITTED -> hasPlace(bulkhead);
            case WAITING -> leaveIfEnded(bulkhead);
            case FULL -> refused(bulkhead.refusal("full"));
        }
    }

    private void hasPlace(BulkheadGuard bulkhead) {
        line = null;
        if (holds(PLACE)) {
            enterRateLimiter();
        } else {
            bulkhead.giveBack();
            bulkhead.pump(clock());
        }
    }

    private void enterRateLimiter() {
        RateLimiterGuard rateLimiter = guards.rateLimiter();
        if (rateLimiter == null) {
            enterCircuitBreaker();
            return;
        }
        line = rateLimiter;
        switch (rateLimiter.ask(this, clock())) {
            case ADMITTED -> {
                line = null;
                enterCircuitBreaker();
            }
            case WAITING -> leaveIfEnded(rateLimiter);
            case FULL -> refused(rateLimiter.refusal("used up"));
        }
    }

    @Override
    public void admitted() {
        WaitingLine from = line;
        line = null;
        try {
            if (from instanceof BulkheadGuard bulkhead) {
                hasPlace(bulkhead);
            } else if (!hasEnded()) {
                enterCircuitBreaker();
            }
        } catch (Throwable thrown) {
            broke(thrown);
        }
    }

    @Override
    public void waitedTooLong() {
        WaitingLine from = line;
        if (from instanceof BulkheadGuard bulkhead) {
            refused(bulkhead.refusal("no place within " + bulkhead.queueTimeout()));
        } else if (from instanceof RateLimiterGuard rateLimiter) {
            refused(rateLimiter.refusal("no permit within " + rateLimiter.queueTimeout()));
        }
    }

    /** A cancel that came before this attempt entered the line has not taken it off. */
    private void leaveIfEnded(WaitingLine entered) {
        if (hasEnded()) {
            entered.leave(this);
        }
    }

    private void enterCircuitBreaker() {
        CircuitBreakerGuard circuitBreaker = guards.circuitBreaker();
        if (circuitBreaker != null) {
            int state = circuitBreaker.tryAcquire();
            if (state < 0) {
                refused(circuitBreaker.refusal());
                return;
            }
            breakerState = state;
            if (!holds(PROBE)) {
                circuitBreaker.cancelled(state);
                return;
            }
        }
        bodyNanos = clock().nanoTime();
        subscribe(resilience.attemptLimit());
    }

    /** Throws what an interceptor further in throws; {@link #subscribe(CoreSubscriber)} and {@link #admitted()} handle it. */
    private void subscribe(@Nullable AttemptLimit attemptLimit) {
        if (attemptLimit == null) {
            body.subscribe(this);
            return;
        }
        clock().watch(this);
        try {
            body.subscribe(this);
        } finally {
            clock().forget(this);
        }
        armLimit(attemptLimit);
    }

    /** What the body has taken before it returned is part of its time. */
    private void armLimit(AttemptLimit attemptLimit) {
        if (!hasEnded()) {
            Duration delay = attemptLimit.remaining(took(), silent());
            Disposable armed = clock().schedule(delay, () -> limitReached(attemptLimit));
            limit = armed;
            if (hasEnded()) {
                armed.dispose();
            }
        }
    }

    /** Unless it has emitted meanwhile: emitting arms no timer, so this one may have come too early. */
    private void limitReached(AttemptLimit attemptLimit) {
        if (idleOf == null || attemptLimit.isPassed(took(), silent())) {
            timedOut();
        } else {
            armLimit(attemptLimit);
        }
    }

    private Duration took() {
        return Duration.ofNanos(clock().nanoTime() - bodyNanos);
    }

    private Duration silent() {
        Duration took = took();
        Duration silent = idleOf == null ? took : idleOf.idleTime();
        return silent.compareTo(took) < 0 ? silent : took;
    }

    /** While the body keeps the thread it was subscribed to on: no timer is armed yet. */
    @Override
    public boolean isOverdue(long nanos) {
        AttemptLimit attemptLimit = resilience.attemptLimit();
        try {
            return attemptLimit != null && attemptLimit.isPassed(took(), silent());
        } catch (Throwable noTime) {
            return false;
        }
    }

    @Override
    public void overdue() {
        timedOut();
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

    /** Ends the attempt. Returns what it held, which the caller gives back; negative if it has ended before. */
    private int end() {
        int had;
        do {
            had = held;
            if ((had & ENDED) != 0) {
                return -1;
            }
        } while (!HELD.compareAndSet(this, had, had | ENDED));
        Disposable armed = limit;
        if (armed != null) {
            try {
                armed.dispose();
            } catch (Throwable thrown) {
                resilience.givingBack().about(thrown);
            }
        }
        return had;
    }

    /**
     * Stops a body that has not ended by itself, before what it holds is given back: the next would run beside it. One that
     * does not return from its cancel is not waited for, see {@link Stopping}.
     */
    private void stop(int had, End how, @Nullable Throwable cause, Runnable then) {
        Stopping stopping = new Stopping(() -> {
            giveBack(had, how, cause);
            then.run();
        });
        clock().watch(stopping);
        try {
            Operators.terminate(UPSTREAM, this);
        } catch (Throwable thrown) {
            resilience.givingBack().about(thrown);
        } finally {
            clock().forget(stopping);
        }
        stopping.finish();
    }

    /** Every link of it runs, whatever those before have thrown: what is kept here is kept for ever. */
    private void giveBack(int had, End how, @Nullable Throwable cause) {
        if ((had & PROBE) != 0) {
            try {
                tellCircuitBreaker(how, cause);
            } catch (Throwable thrown) {
                resilience.givingBack().about(thrown);
            }
        }
        BulkheadGuard bulkhead = guards.bulkhead();
        if ((had & PLACE) != 0 && bulkhead != null) {
            try {
                bulkhead.release(clock());
            } catch (Throwable thrown) {
                resilience.givingBack().about(thrown);
            }
        }
        if ((had & BUDGET) != 0 && budget != null) {
            budget.release();
        }
    }

    private void tellCircuitBreaker(End how, @Nullable Throwable cause) {
        CircuitBreakerGuard circuitBreaker = guards.circuitBreaker();
        if (circuitBreaker == null) {
            return;
        }
        if (how == End.CANCELLED) {
            circuitBreaker.cancelled(breakerState);
            return;
        }
        long nanos = bodyTook();
        if (how == End.SUCCEEDED || cause == null) {
            circuitBreaker.succeeded(breakerState, nanos);
        } else {
            circuitBreaker.failed(breakerState, nanos, cause);
        }
    }

    /** A clock that throws must not keep the permit. */
    private long bodyTook() {
        try {
            return Math.max(0, clock().nanoTime() - bodyNanos);
        } catch (Throwable noTime) {
            resilience.givingBack().about(noTime);
            return 0;
        }
    }

    // --- how it ends

    private void refused(StepRejectedException refusal) {
        int had = end();
        if (had >= 0) {
            giveBack(had, End.CANCELLED, refusal);
            resilience.meters().rejected(guards.key(), refusal.guard());
            actual.onError(refusal);
        }
    }

    private void failed(Throwable cause) {
        int had = end();
        if (had >= 0) {
            giveBack(had, End.FAILED, cause);
            actual.onError(cause);
        }
    }

    /** Something has thrown on the way in, or from the body's subscribe: it is unknown whether the body runs. */
    private void broke(Throwable thrown) {
        int had = end();
        if (had >= 0) {
            stop(had, End.FAILED, thrown, () -> actual.onError(thrown));
        }
    }

    private void timedOut() {
        AttemptLimit attemptLimit = resilience.attemptLimit();
        int had = attemptLimit == null ? -1 : end();
        if (attemptLimit != null && had >= 0) {
            StepTimeoutException cause = attemptLimit.passed(guards.key(), took());
            stop(had, End.TIMED_OUT, cause, () -> {
                resilience.meters().timedOut(guards.key());
                actual.onError(cause);
            });
        }
    }

    @Override
    public void cancel() {
        int had = end();
        if (had >= 0) {
            WaitingLine from = line;
            if (from != null) {
                from.leave(this);
            }
            stop(had, End.CANCELLED, null, () -> {});
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
        int had = end();
        if (had >= 0) {
            giveBack(had, End.SUCCEEDED, null);
            actual.onNext(value);
            actual.onComplete();
        } else {
            Operators.onDiscard(value, currentContext());
        }
    }

    @Override
    public void onComplete() {
        int had = end();
        if (had >= 0) {
            giveBack(had, End.SUCCEEDED, null);
            actual.onComplete();
        }
    }

    @Override
    public void onError(Throwable cause) {
        failed(cause);
    }
}
