package io.flotilla.resilience;

import io.flotilla.step.StepCall;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The attempts at a step: the first one, and after its failure what {@link Retrying} makes of it. It does what {@code onErrorResume}
 * does, with one object where that has four: most steps end with their first attempt.
 *
 * <p>It is the {@code Mono} and, for its first subscriber, the subscription, as {@link Attempt} is.
 *
 * <pre>
 * phase     becomes   by
 * NEW       FIRST     subscribe
 * FIRST     OTHERS    the first attempt: error
 * </pre>
 */
final class RetriedStep<O> extends Mono<O> implements CoreSubscriber<O>, Subscription {

    private static final int NEW = 0;
    private static final int FIRST = 1;
    private static final int OTHERS = 2;

    private final Resilience resilience;
    private final RetryPolicy policy;
    private final StepCall<?, O> call;
    private final Mono<O> attempts;

    /** Written once, by the thread that sets {@link #FIRST}. */
    private CoreSubscriber<? super O> actual = Operators.emptySubscriber();

    private volatile int phase;
    private volatile boolean requested;

    private volatile @Nullable Subscription upstream;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<RetriedStep> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(RetriedStep.class, "phase");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<RetriedStep, @Nullable Subscription> UPSTREAM =
            AtomicReferenceFieldUpdater.newUpdater(RetriedStep.class, Subscription.class, "upstream");

    RetriedStep(Resilience resilience, RetryPolicy policy, StepCall<?, O> call, Mono<O> attempts) {
        this.resilience = resilience;
        this.policy = policy;
        this.call = call;
        this.attempts = attempts;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> subscriber) {
        if (PHASE.compareAndSet(this, NEW, FIRST)) {
            actual = subscriber;
            attempts.subscribe(this);
        } else {
            new RetriedStep<>(resilience, policy, call, attempts).subscribe(subscriber);
        }
    }

    /** Once for the first attempt, once for the others. */
    @Override
    public void onSubscribe(Subscription subscription) {
        if (!Operators.replace(UPSTREAM, this, subscription)) {
            return; // cancelled, and so is this one now
        }
        if (phase == FIRST) {
            actual.onSubscribe(this);
        } else if (requested) {
            subscription.request(Long.MAX_VALUE);
        }
    }

    /** One value at most: all is asked for. The mark before the look meets {@link #onSubscribe}, which does both the other way round. */
    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            requested = true;
            Subscription current = upstream;
            if (current != null) {
                current.request(Long.MAX_VALUE);
            }
        }
    }

    @Override
    public void cancel() {
        Operators.terminate(UPSTREAM, this);
    }

    @Override
    public void onNext(O value) {
        actual.onNext(value);
    }

    @Override
    public void onComplete() {
        actual.onComplete();
    }

    @Override
    public void onError(Throwable cause) {
        if (phase == OTHERS) {
            actual.onError(cause);
        } else {
            phase = OTHERS;
            new Retrying<>(resilience, policy, call).after(cause, attempts).subscribe(this);
        }
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }
}
