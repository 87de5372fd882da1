package io.flotilla.health;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/** The changes for all subscribers. Each has a buffer and a turn of its own, so one that is slow loses its own oldest only. */
final class HealthChanges {

    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);
    private static final int BUFFER = 256;

    private final List<FluxSink<HealthChange>> subscribers = new CopyOnWriteArrayList<>();
    private final Flux<HealthChange> changes;
    private volatile boolean isClosed;

    HealthChanges() {
        this.changes = Flux.defer(() -> Flux.<HealthChange>create(this::add, FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureBuffer(BUFFER, dropped -> {}, BufferOverflowStrategy.DROP_OLDEST)
                .publishOn(HealthSchedulers.shared().workers(), 1));
    }

    private void add(FluxSink<HealthChange> subscriber) {
        subscribers.add(subscriber);
        subscriber.onDispose(() -> subscribers.remove(subscriber));
        if (isClosed) {
            subscriber.complete();
        }
    }

    /** By one thread at a time, so that all subscribers see the same order. */
    void publish(HealthChange change) {
        for (FluxSink<HealthChange> subscriber : subscribers) {
            try {
                subscriber.next(change);
            } catch (RuntimeException thrown) {
                LOG.warn(
                        "a subscriber of health changes failed: {}",
                        thrown.getClass().getName());
            }
        }
    }

    void close() {
        isClosed = true;
        subscribers.forEach(FluxSink::complete);
    }

    Flux<HealthChange> changes() {
        return changes;
    }

    int subscriberCount() {
        return subscribers.size();
    }
}
