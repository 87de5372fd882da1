package io.flotilla.resilience;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * The breakers' changes, for all subscribers. Each has a buffer and a turn of its own: one that is slow loses its own oldest
 * only, and one that throws hurts neither the others nor the attempt whose end has changed the state.
 */
final class CircuitBreakerTransitions {

    private static final int BUFFER = 256;

    private final List<FluxSink<CircuitBreakerTransition>> subscribers = new CopyOnWriteArrayList<>();
    private final Complaint complaint = new Complaint("a subscriber of circuit breaker changes");

    /** One at a time: changes of several breakers may come at once, and are rare. Throws nothing. */
    synchronized void publish(CircuitBreakerTransition change) {
        for (FluxSink<CircuitBreakerTransition> subscriber : subscribers) {
            try {
                subscriber.next(change);
            } catch (Throwable thrown) {
                complaint.about(thrown);
                forget(subscriber);
            }
        }
    }

    /** Deferred, so that a subscriber in virtual time gets the schedulers of virtual time. */
    Flux<CircuitBreakerTransition> changes() {
        return Flux.defer(() -> Flux.<CircuitBreakerTransition>create(this::add, FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureBuffer(BUFFER, dropped -> {}, BufferOverflowStrategy.DROP_OLDEST)
                .publishOn(Schedulers.boundedElastic(), 1));
    }

    private void add(FluxSink<CircuitBreakerTransition> subscriber) {
        subscribers.add(subscriber);
        subscriber.onDispose(() -> forget(subscriber));
    }

    private void forget(FluxSink<CircuitBreakerTransition> subscriber) {
        subscribers.remove(subscriber);
    }

    int subscriberCount() {
        return subscribers.size();
    }
}
