package io.flotilla.resilience;

import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** The breakers' changes, to whoever listens; a slow subscriber loses its own oldest only. */
final class BreakerChanges {

    private static final int BUFFER = 256;

    private final Sinks.Many<BreakerChange> sink = Sinks.many().multicast().directBestEffort();

    /** One at a time: changes of several breakers may come at once, and are rare. */
    synchronized void publish(BreakerChange change) {
        sink.tryEmitNext(change); // nobody listening is no failure
    }

    Flux<BreakerChange> changes() {
        return sink.asFlux()
                .onBackpressureBuffer(BUFFER, dropped -> {}, BufferOverflowStrategy.DROP_OLDEST)
                .publishOn(Schedulers.boundedElastic(), 1);
    }
}
