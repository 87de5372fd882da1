package io.flotilla.message;

import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Says once that a mailbox has nothing left. Those who wait for it are told on threads of their own. */
final class Finish {

    private final Sinks.Empty<Void> sink = Sinks.empty();

    void done() {
        sink.tryEmitEmpty();
    }

    Mono<Void> asMono(Executor teller) {
        return Mono.create(waiting -> waiting.onDispose(
                sink.asMono().subscribe(never -> {}, waiting::error, () -> teller.execute(waiting::success))));
    }
}
