package io.flotilla.step;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * Publishes the failures of all rounds of an engine. Each subscriber has a buffer and a thread of its own, so one that
 * is slow or blocks loses its oldest failures, and no other subscriber notices.
 */
final class FailureFeed {

    private final List<FluxSink<StepFailure>> subscribers = new CopyOnWriteArrayList<>();
    private final LongAdder dropped = new LongAdder();
    private final @Nullable MeterRegistry meters;
    private final @Nullable Counter droppedCounter;
    private final Flux<StepFailure> failures;

    FailureFeed(int bufferSize, @Nullable MeterRegistry meters) {
        this.meters = meters;
        this.droppedCounter = meters == null ? null : TelemetryFaults.made(meters, () -> counter(meters));
        // A sink of Flux.create may be fed by many threads at once; the buffer behind it takes all it is given.
        this.failures = Flux.defer(() -> {
            EngineSchedulers schedulers = EngineSchedulers.shared();
            Flux<StepFailure> fed = Flux.<StepFailure>create(this::add, FluxSink.OverflowStrategy.IGNORE)
                    .onBackpressureBuffer(bufferSize, this::dropped, BufferOverflowStrategy.DROP_OLDEST)
                    .publishOn(schedulers.feeds(), 1);
            return new FailureListener.Guarding(fed, schedulers);
        });
    }

    private static Counter counter(MeterRegistry meters) {
        return Counter.builder(FlotillaMeter.FAILURES_DROPPED.getName())
                .description(FlotillaMeter.FAILURES_DROPPED.description())
                .baseUnit(FlotillaMeter.FAILURES_DROPPED.getBaseUnit())
                .register(meters);
    }

    private void add(FluxSink<StepFailure> subscriber) {
        subscribers.add(subscriber);
        subscriber.onDispose(() -> subscribers.remove(subscriber));
    }

    private void dropped(StepFailure oldest) {
        dropped.increment();
        if (meters != null && droppedCounter != null) {
            TelemetryFaults.guard(meters, droppedCounter::increment);
        }
    }

    void publish(StepFailure failure) {
        for (FluxSink<StepFailure> subscriber : subscribers) {
            try {
                subscriber.next(failure);
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown); // the other subscribers are to hear of it all the same
            }
        }
    }

    Flux<StepFailure> failures() {
        return failures;
    }

    long droppedCount() {
        return dropped.sum();
    }

    int subscriberCount() {
        return subscribers.size();
    }
}
