package io.flotilla.pool;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Gathers single items, and hands them to a function many at a time: 100 steps become four calls of an endpoint that takes
 * 32 texts.
 *
 * <pre>{@code
 * Batcher<String, float[]> embeddings = Batcher.<String, float[]>builder(texts -> client.embed(texts))
 *         .maxItems(32)
 *         .maxWait(Duration.ofMillis(20))
 *         .build();
 * Mono<float[]> one = embeddings.submit("a text");
 * Agent<String, float[]> embedder = embeddings.asAgent(AgentId.of("embedder"));
 * }</pre>
 *
 * <p>A window opens with its first item and closes when it has {@link Builder#maxItems} items or {@link Builder#maxBytes}
 * bytes, or {@link Builder#maxWait} after the first one. Items that wait are bounded; what was taken is answered, fails, or is
 * cancelled by its own subscriber.
 *
 * <p>Thread-safe.
 *
 * @param <I> the type of an item
 * @param <O> the type of an answer
 * @since 0.1
 */
public final class Batcher<I, O> {

    /** The default of {@link Builder#maxItems}. */
    public static final int DEFAULT_MAX_ITEMS = 32;

    /** The default of {@link Builder#maxWait}. */
    public static final Duration DEFAULT_MAX_WAIT = Duration.ofMillis(20);

    /** The default of {@link Builder#maxQueued}. */
    public static final int DEFAULT_MAX_QUEUED = 10_000;

    /** The default of {@link Builder#concurrency}. */
    public static final int DEFAULT_CONCURRENCY = 4;

    /** The default of {@link Builder#timeout}. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

    private final BatcherSettings<I, O> settings;
    final EngineClock clock;
    private final Sinks.Empty<Void> finished = Sinks.empty();

    // --- guarded by this

    private @Nullable Batch<I, O> open;
    private final Deque<Batch<I, O>> ready = new ArrayDeque<>();
    private int queued;
    private int running;
    private long items;
    private long batches;
    private boolean closed;

    private Batcher(BatcherSettings<I, O> settings) {
        this.settings = settings;
        this.clock = EngineAccess.of(settings.engine).clock();
    }

    /**
     * Starts a batcher whose function answers each item or fails as a whole.
     *
     * @param function called with 1 or more items; its answers are as many, in the same order
     * @param <I> the type of an item
     * @param <O> the type of an answer
     * @return a builder with all defaults
     * @throws NullPointerException if {@code function} is null
     */
    public static <I, O> Builder<I, O> builder(Function<? super List<I>, ? extends Mono<? extends List<O>>> function) {
        Objects.requireNonNull(function, "function");
        return new Builder<>(batch -> Objects.requireNonNull(function.apply(batch), "the batch function returned null")
                .map(Batcher::results));
    }

    /** A null answer is a wrong one. */
    private static <O> List<@Nullable BatchResult<O>> results(List<? extends O> answers) {
        List<@Nullable BatchResult<O>> results = new ArrayList<>();
        for (O answer : answers) {
            results.add(answer == null ? null : BatchResult.of(answer));
        }
        return results;
    }

    /**
     * Starts a batcher whose function answers or fails each item.
     *
     * @param function called with 1 or more items; its results are as many, in the same order
     * @param <I> the type of an item
     * @param <O> the type of an answer
     * @return a builder with all defaults
     * @throws NullPointerException if {@code function} is null
     */
    public static <I, O> Builder<I, O> ofResults(
            Function<? super List<I>, ? extends Mono<? extends List<BatchResult<O>>>> function) {
        Objects.requireNonNull(function, "function");
        return new Builder<>(batch -> Objects.requireNonNull(function.apply(batch), "the batch function returned null")
                .map(ArrayList::new));
    }

    /**
     * Submits an item.
     *
     * <p>Cold: every subscription submits it.
     *
     * <ul>
     *   <li><b>onNext</b>: its answer.
     *   <li><b>onError</b>: its own failure, or a {@link BatchException}.
     *   <li><b>cancel</b>: an item that waits is not handed on. When all items of a batch under way are cancelled, so is the
     *       call of the function.
     *   <li><b>threads</b>: a {@code flotilla-worker} thread, so no subscriber holds up the answers of others. An item that is
     *       refused fails on the thread that subscribes.
     *   <li><b>context</b>: the function sees that of the first item of its batch.
     * </ul>
     *
     * @param item the item
     * @return its answer
     * @throws NullPointerException if {@code item} is null (the call itself, not a signal)
     */
    public Mono<O> submit(I item) {
        Objects.requireNonNull(item, "item");
        return Mono.create(sink -> {
            long size;
            try {
                size = settings.sizeOf(item);
            } catch (Throwable thrown) {
                sink.error(thrown);
                return;
            }
            take(new BatchItem<>(item, size, sink));
        });
    }

    private void take(BatchItem<I, O> item) {
        Batch<I, O> armed = null;
        BatchException.Reason refusal = null;
        synchronized (this) {
            if (closed) {
                refusal = BatchException.Reason.CLOSED;
            } else if (queued >= settings.maxQueued) {
                refusal = BatchException.Reason.FULL;
            } else {
                armed = enter(item);
            }
        }
        if (refusal != null) {
            item.sink.error(new BatchException(
                    refusal,
                    refusal == BatchException.Reason.CLOSED
                            ? "the batcher is closed"
                            : settings.maxQueued + " items wait, and no more may",
                    null));
            return;
        }
        item.sink.onCancel(() -> cancelled(item));
        if (armed != null) {
            Batch<I, O> opened = armed;
            opened.timer(clock.schedule(settings.maxWait, () -> expire(opened)));
        }
        startReady();
    }

    /** Under the lock. Returns the window if the item has opened it, and time has to close it. */
    private @Nullable Batch<I, O> enter(BatchItem<I, O> item) {
        Batch<I, O> window = open;
        if (window != null && window.bytes() + item.size > settings.maxBytes) {
            closeWindow(window);
            window = null;
        }
        boolean isNew = window == null;
        if (window == null) {
            window = new Batch<>(this);
            open = window;
        }
        window.add(item);
        item.batch = window;
        queued++;
        items++;
        if (window.size() >= settings.maxItems || window.bytes() >= settings.maxBytes) {
            closeWindow(window);
            return null;
        }
        return isNew ? window : null;
    }

    private void closeWindow(Batch<I, O> window) {
        window.disarm();
        ready.addLast(window);
        open = null;
    }

    @SuppressWarnings("ReferenceEquality") // it is this window whose time is up
    private void expire(Batch<I, O> window) {
        synchronized (this) {
            if (open != window) {
                return;
            }
            closeWindow(window);
        }
        startReady();
    }

    private void startReady() {
        while (true) {
            Batch<I, O> next;
            synchronized (this) {
                if (running >= settings.concurrency) {
                    return;
                }
                next = ready.pollFirst();
                if (next == null) {
                    break;
                }
                next.start();
                queued -= next.size();
                running++;
                batches++;
            }
            Batch<I, O> started = next;
            clock.schedule(Duration.ZERO, () -> started.run(settings.function, settings.timeout));
        }
        finishIfDone();
    }

    private void finishIfDone() {
        synchronized (this) {
            if (!closed || running > 0 || !ready.isEmpty() || open != null) {
                return;
            }
        }
        finished.tryEmitEmpty();
    }

    /** A batch has come to its end. */
    void ended() {
        synchronized (this) {
            running--;
        }
        startReady();
        finishIfDone();
    }

    @SuppressWarnings("ReferenceEquality") // it is this window that is still open
    private void cancelled(BatchItem<I, O> item) {
        Batch<I, O> batch;
        boolean stops;
        synchronized (this) {
            batch = item.batch;
            if (batch == null || !batch.remove(item)) {
                return;
            }
            stops = batch.isStarted() && batch.size() == 0;
            if (!batch.isStarted()) {
                queued--;
                if (batch.size() == 0) {
                    batch.disarm();
                    ready.remove(batch);
                    open = open == batch ? null : open;
                }
            }
        }
        if (stops) {
            batch.cancel();
        }
        finishIfDone();
    }

    /**
     * This batcher as an agent: a step is an item. The engine's concurrency should be several times {@link
     * Builder#maxItems}; with less, windows close by time, half full.
     *
     * @param id the agent's id
     * @return an agent that submits its inputs
     * @throws NullPointerException if {@code id} is null
     */
    public Agent<I, O> asAgent(AgentId id) {
        return Agent.of(id, (item, context) -> submit(item));
    }

    /**
     * Closes the batcher: the open window is handed on at once, and nothing more is taken.
     *
     * <p>Cold: nothing is closed before the first subscription.
     *
     * <ul>
     *   <li><b>onComplete</b>: when every batch has ended.
     *   <li><b>cancel</b>: ends the waiting only.
     * </ul>
     *
     * @return completes when nothing is left
     */
    public Mono<Void> close() {
        return Mono.defer(() -> {
            synchronized (this) {
                closed = true;
                if (open != null) {
                    closeWindow(open);
                }
            }
            startReady();
            finishIfDone();
            return finished.asMono();
        });
    }

    /**
     * The counts of this moment.
     *
     * @return the counts
     */
    public synchronized BatcherStats stats() {
        return new BatcherStats(items, batches, queued, running);
    }

    /** The counts. */
    @Override
    public String toString() {
        return "Batcher[" + stats() + "]";
    }

    /**
     * The configuration of a batcher. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <I> the type of an item
     * @param <O> the type of an answer
     */
    public static final class Builder<I, O> {

        private final BatcherSettings<I, O> settings;

        private Builder(Function<List<I>, Mono<? extends List<? extends @Nullable BatchResult<O>>>> function) {
            this.settings = new BatcherSettings<>(function);
        }

        /**
         * How many items a batch has at most.
         *
         * @param maxItems 1 or more; default {@value Batcher#DEFAULT_MAX_ITEMS}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxItems} is below 1
         */
        public Builder<I, O> maxItems(int maxItems) {
            settings.maxItems = BatcherSettings.atLeastOne("maxItems", maxItems);
            return this;
        }

        /**
         * How many bytes a batch has at most. An item that is larger has a batch of its own.
         *
         * @param maxBytes 1 or more; by default there is no bound
         * @param sizes the size of an item in bytes, 0 or more; called once an item; if it throws, the item fails
         * @return this builder
         * @throws NullPointerException if {@code sizes} is null
         * @throws IllegalArgumentException if {@code maxBytes} is below 1
         */
        public Builder<I, O> maxBytes(long maxBytes, ToLongFunction<? super I> sizes) {
            settings.maxBytes(maxBytes, sizes);
            return this;
        }

        /**
         * How long the first item of a batch waits for others.
         *
         * @param maxWait more than zero; default 20 ms
         * @return this builder
         * @throws NullPointerException if {@code maxWait} is null
         * @throws IllegalArgumentException if {@code maxWait} is not more than zero, or over 292 years
         */
        public Builder<I, O> maxWait(Duration maxWait) {
            settings.maxWait = BatcherSettings.positive("maxWait", maxWait);
            return this;
        }

        /**
         * How many items may wait for their batch to start; a further one fails as {@link BatchException.Reason#FULL}.
         *
         * @param maxQueued 1 or more; default {@value Batcher#DEFAULT_MAX_QUEUED}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxQueued} is below 1
         */
        public Builder<I, O> maxQueued(int maxQueued) {
            settings.maxQueued = BatcherSettings.atLeastOne("maxQueued", maxQueued);
            return this;
        }

        /**
         * How many batches may be under way at the same time.
         *
         * @param concurrency 1 or more; default {@value Batcher#DEFAULT_CONCURRENCY}
         * @return this builder
         * @throws IllegalArgumentException if {@code concurrency} is below 1
         */
        public Builder<I, O> concurrency(int concurrency) {
            settings.concurrency = BatcherSettings.atLeastOne("concurrency", concurrency);
            return this;
        }

        /**
         * How long the function may take for a batch. Then its items fail, and it is cancelled.
         *
         * @param timeout more than zero; default 60 seconds
         * @return this builder
         * @throws NullPointerException if {@code timeout} is null
         * @throws IllegalArgumentException if {@code timeout} is not more than zero, or over 292 years
         */
        public Builder<I, O> timeout(Duration timeout) {
            settings.timeout = BatcherSettings.positive("timeout", timeout);
            return this;
        }

        /**
         * The engine whose timers and threads it uses.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<I, O> engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the batcher. The builder may be changed and used again.
         *
         * @return a new batcher
         */
        public Batcher<I, O> build() {
            return new Batcher<>(new BatcherSettings<>(settings));
        }
    }
}
