package io.flotilla.journal.sqlite;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
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

    /** The next page is asked for when one has been taken up, not before. */
    static <T> Flux<T> all(Mono<Page<T>> first, Mono<Page<T>> more, BooleanSupplier isDone) {
        Function<Page<T>, Flux<T>> items = Page::flux;
        return first.concatWith(Mono.defer(() -> isDone.getAsBoolean() ? Mono.<Page<T>>empty() : more)
                        .repeat(() -> !isDone.getAsBoolean()))
                .concatMap(items, 1);
    }
}
