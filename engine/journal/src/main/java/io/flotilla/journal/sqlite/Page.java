package io.flotilla.journal.sqlite;

import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What one look into the file has given.
 *
 * @param items in order
 * @param error why there is nothing after them, or null
 */
record Page<T>(List<T> items, @Nullable Throwable error) {

    Flux<T> flux() {
        Flux<T> all = Flux.fromIterable(items);
        return error == null ? all : all.concatWith(Mono.error(error));
    }
}
