package io.flotilla.pool;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/** An item, and who waits for its answer. */
final class BatchItem<I, O> {

    final I input;
    final long size;
    final MonoSink<O> sink;

    /** Guarded by the batcher. */
    @Nullable Batch<I, O> batch;

    BatchItem(I input, long size, MonoSink<O> sink) {
        this.input = input;
        this.size = size;
        this.sink = sink;
    }
}
