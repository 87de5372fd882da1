package io.flotilla.team;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/** A hot stream of events. Who is slow misses the oldest, and holds up nobody. */
final class Feed<T> {

    static final int BUFFER = 256;

    private final List<FluxSink<T>> subscribers = new CopyOnWriteArrayList<>();
    private volatile boolean ended;

    /** A sink of Flux.create may be fed by many threads at once; the buffer behind it takes all it is given. */
    final Flux<T> flux = Flux.defer(() -> Flux.<T>create(this::subscribe, FluxSink.OverflowStrategy.IGNORE)
            .onBackpressureBuffer(BUFFER, oldest -> {}, BufferOverflowStrategy.DROP_OLDEST)
            .publishOn(Schedulers.boundedElastic(), 1));

    private void subscribe(FluxSink<T> subscriber) {
        subscribers.add(subscriber);
        subscriber.onDispose(() -> subscribers.remove(subscriber));
        if (ended) {
            subscriber.complete();
        }
    }

    void tell(T event) {
        if (ended) {
            return;
        }
        for (FluxSink<T> subscriber : subscribers) {
            subscriber.next(event);
        }
    }

    void end() {
        ended = true;
        subscribers.forEach(FluxSink::complete);
    }
}
