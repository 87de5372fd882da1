package io.flotilla.run;

import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * The events of a run, for any number of subscribers, from the first on. Fed by the run's one drain; each subscriber has a buffer
 * and a thread of its own, so one that is slow or blocks loses its events, and the run does not notice.
 */
final class EventLog {

    private final Sinks.Many<RunEvent> events;
    private final Flux<RunEvent> replayed;

    EventLog(int history, Scheduler threads) {
        // Unsafe means: one thread at a time, which the drain is.
        this.events = Sinks.unsafe().many().replay().limit(history);
        this.replayed = Flux.defer(() -> {
            long[] next = new long[1];
            return events.asFlux()
                    .onBackpressureBuffer(history, lost -> {}, BufferOverflowStrategy.ERROR)
                    .onErrorMap(
                            error -> reactor.core.Exceptions.isOverflow(error),
                            overflow -> new EventsLostException(next[0], history))
                    .<RunEvent>handle((event, sink) -> {
                        if (event.sequence() == next[0]) {
                            next[0]++;
                            sink.next(event);
                        } else {
                            sink.error(new EventsLostException(next[0], history));
                        }
                    })
                    .publishOn(threads, 32);
        });
    }

    Flux<RunEvent> events() {
        return replayed;
    }

    void emit(RunEvent event) {
        events.tryEmitNext(event);
    }

    void complete() {
        events.tryEmitComplete();
    }

    /** True if somebody has subscribed. */
    boolean fail(Throwable cause) {
        boolean isAwaited = events.currentSubscriberCount() > 0;
        events.tryEmitError(cause);
        return isAwaited;
    }
}
