package io.flotilla.step;

import io.flotilla.AgentId;
import io.micrometer.observation.Observation;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** An attempt that is observed from its subscription to its first signal, or its cancel. */
final class ObservedAttempt<O> extends Mono<O> {

    private final Mono<? extends O> attempt;
    private final StepTelemetry telemetry;
    private final AgentId agent;
    private final int number;

    private ObservedAttempt(Mono<? extends O> attempt, StepTelemetry telemetry, AgentId agent, int number) {
        this.attempt = attempt;
        this.telemetry = telemetry;
        this.agent = agent;
        this.number = number;
    }

    /** The same where nobody observes. */
    static <O> Mono<? extends O> of(
            Mono<? extends O> attempt, @Nullable StepTelemetry telemetry, AgentId agent, int number) {
        return telemetry != null && telemetry.observes()
                ? new ObservedAttempt<>(attempt, telemetry, agent, number)
                : attempt;
    }

    @Override
    public void subscribe(CoreSubscriber<? super O> actual) {
        Observation observation = telemetry.attemptStarted(agent, number, actual.currentContext());
        if (observation == null) {
            attempt.subscribe(actual);
            return;
        }
        Watch<O> watch = new Watch<>(actual, observation);
        try {
            attempt.subscribe(watch);
        } catch (Throwable thrown) {
            watch.stop(kindOf(thrown), thrown);
            throw thrown;
        }
    }

    /** As the step's result would be if this were its only attempt. */
    private static StepResult.Kind kindOf(Throwable cause) {
        if (cause instanceof StepTimeoutException) {
            return StepResult.Kind.TIMED_OUT;
        }
        if (Refusal.of(cause) != null) {
            return StepResult.Kind.REJECTED;
        }
        return cause instanceof CancellationException ? StepResult.Kind.CANCELLED : StepResult.Kind.FAILED;
    }

    private static final class Watch<O> implements CoreSubscriber<O>, Subscription {

        @SuppressWarnings("rawtypes")
        private static final AtomicIntegerFieldUpdater<Watch> STOPPED =
                AtomicIntegerFieldUpdater.newUpdater(Watch.class, "stopped");

        private final CoreSubscriber<? super O> actual;
        private final Observation observation;
        private final Context context;

        /** 1 from the first signal, or the cancel. */
        @SuppressWarnings("UnusedVariable") // by its updater
        private volatile int stopped;

        private volatile @Nullable Subscription subscription;

        Watch(CoreSubscriber<? super O> actual, Observation observation) {
            this.actual = actual;
            this.observation = observation;
            this.context = Observations.within(observation, actual.currentContext());
        }

        void stop(StepResult.Kind kind, @Nullable Throwable cause) {
            if (STOPPED.compareAndSet(this, 0, 1)) {
                StepTelemetry.attemptEnded(observation, kind, cause);
            }
        }

        @Override
        public Context currentContext() {
            return context;
        }

        @Override
        public void onSubscribe(Subscription begun) {
            subscription = begun;
            actual.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            Subscription begun = subscription;
            if (begun != null) {
                begun.request(n);
            }
        }

        @Override
        public void cancel() {
            try {
                Subscription begun = subscription;
                if (begun != null) {
                    begun.cancel();
                }
            } finally {
                stop(StepResult.Kind.CANCELLED, null);
            }
        }

        @Override
        public void onNext(O value) {
            stop(StepResult.Kind.SUCCEEDED, null);
            actual.onNext(value);
        }

        @Override
        public void onError(Throwable cause) {
            stop(kindOf(cause), cause);
            actual.onError(cause);
        }

        @Override
        public void onComplete() {
            stop(StepResult.Kind.SUCCEEDED, null);
            actual.onComplete();
        }
    }
}
