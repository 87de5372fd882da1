package io.flotilla.pool;

import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What the builder of a batcher has been given so far; each batcher has a copy, which nobody changes. Not thread-safe. */
final class BatcherSettings<I, O> {

    private static final Duration MAX_DURATION = Duration.ofNanos(Long.MAX_VALUE);

    final Function<List<I>, Mono<? extends List<? extends @Nullable BatchResult<O>>>> function;
    int maxItems = Batcher.DEFAULT_MAX_ITEMS;
    long maxBytes = Long.MAX_VALUE;
    private @Nullable ToLongFunction<? super I> sizes;
    Duration maxWait = Batcher.DEFAULT_MAX_WAIT;
    int maxQueued = Batcher.DEFAULT_MAX_QUEUED;
    int concurrency = Batcher.DEFAULT_CONCURRENCY;
    Duration timeout = Batcher.DEFAULT_TIMEOUT;
    StepEngine engine = StepEngine.builder().build();

    BatcherSettings(Function<List<I>, Mono<? extends List<? extends @Nullable BatchResult<O>>>> function) {
        this.function = function;
    }

    BatcherSettings(BatcherSettings<I, O> other) {
        this(other.function);
        maxItems = other.maxItems;
        maxBytes = other.maxBytes;
        sizes = other.sizes;
        maxWait = other.maxWait;
        maxQueued = other.maxQueued;
        concurrency = other.concurrency;
        timeout = other.timeout;
        engine = other.engine;
    }

    void maxBytes(long most, ToLongFunction<? super I> by) {
        if (most < 1) {
            throw new IllegalArgumentException("maxBytes must be >= 1, was " + most);
        }
        maxBytes = most;
        sizes = Objects.requireNonNull(by, "sizes");
    }

    long sizeOf(I item) {
        if (sizes == null) {
            return 0;
        }
        long size = sizes.applyAsLong(item);
        if (size < 0) {
            throw new IllegalArgumentException("the size of an item must be >= 0, was " + size);
        }
        return size;
    }

    static int atLeastOne(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be >= 1, was " + value);
        }
        return value;
    }

    static Duration positive(String what, Duration value) {
        if (Objects.requireNonNull(value, what).isNegative() || value.isZero() || value.compareTo(MAX_DURATION) > 0) {
            throw new IllegalArgumentException(what + " must be > 0 and at most 292 years, was " + value);
        }
        return value;
    }
}
