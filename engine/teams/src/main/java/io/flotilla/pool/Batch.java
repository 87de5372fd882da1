package io.flotilla.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** The items of one call of the batch function. It ends once: by its answers, an error, its time, or the last cancel. */
final class Batch<I, O> implements CoreSubscriber<List<? extends @Nullable BatchResult<O>>> {

    private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

    private final Batcher<I, O> batcher;
    private final AtomicBoolean isOver = new AtomicBoolean();

    // Guarded by the batcher, until it is started; then only those leave whose subscribers cancel.
    private final List<BatchItem<I, O>> live = new ArrayList<>();
    private long bytes;
    private boolean isStarted;
    private List<BatchItem<I, O>> all = List.of();
    private Context context = Context.empty();

    private final Alarm window = new Alarm();
    private final Alarm limit = new Alarm();
    private volatile @Nullable Subscription call;

    /** A timer that may be disarmed before it is armed. */
    private static final class Alarm {

        private volatile @Nullable Disposable timer;
        private volatile boolean isOff;

        void set(Disposable armed) {
            timer = armed;
            if (isOff) {
                armed.dispose();
            }
        }

        void off() {
            isOff = true;
            Disposable armed = timer;
            if (armed != null) {
                armed.dispose();
            }
        }
    }

    Batch(Batcher<I, O> batcher) {
        this.batcher = batcher;
    }

    // --- under the batcher's lock

    void add(BatchItem<I, O> item) {
        if (live.isEmpty()) {
            context = Context.of(item.sink.contextView());
        }
        live.add(item);
        bytes += item.size;
    }

    boolean remove(BatchItem<I, O> item) {
        boolean was = live.remove(item);
        bytes -= was ? item.size : 0;
        return was;
    }

    int size() {
        return live.size();
    }

    long bytes() {
        return bytes;
    }

    boolean isStarted() {
        return isStarted;
    }

    void start() {
        isStarted = true;
        all = List.copyOf(live);
    }

    /** Closes the window when its time is up. */
    void timer(Disposable armed) {
        window.set(armed);
    }

    void disarm() {
        window.off();
    }

    // --- the call

    void run(Function<List<I>, Mono<? extends List<? extends @Nullable BatchResult<O>>>> function, Duration timeout) {
        if (isOver.get()) {
            return;
        }
        limit.set(batcher.clock.schedule(timeout, () -> timeUp(timeout)));
        try {
            List<I> inputs = all.stream().map(item -> item.input).toList();
            Objects.requireNonNull(function.apply(inputs), "the batch function returned null")
                    .subscribe(this);
        } catch (Throwable thrown) {
            onError(thrown);
        }
    }

    private void timeUp(Duration timeout) {
        if (isOver.compareAndSet(false, true)) {
            fail(BatchException.Reason.TIMED_OUT, "the batch function did not answer within " + timeout, null);
            stop();
        }
    }

    /** Nobody waits for its answers any more. */
    void cancel() {
        if (isOver.compareAndSet(false, true)) {
            limit.off();
            batcher.ended();
            stop();
        }
    }

    private void stop() {
        Subscription current = call;
        if (current != null) {
            try {
                current.cancel();
            } catch (Throwable thrown) {
                LOG.warn("the cancel handler of a batch function threw", thrown);
            }
        }
    }

    @Override
    public Context currentContext() {
        return context;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (call != null) {
            subscription.cancel();
            return;
        }
        call = subscription;
        if (isOver.get()) {
            stop();
        } else {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(List<? extends @Nullable BatchResult<O>> results) {
        if (!isOver.compareAndSet(false, true)) {
            return;
        }
        List<? extends @Nullable BatchResult<O>> copy;
        try {
            copy = new ArrayList<>(results);
        } catch (Throwable thrown) { // a list of the user's own
            fail(BatchException.Reason.WRONG_ANSWERS, "the answers cannot be read", thrown);
            return;
        }
        if (copy.size() != all.size()) {
            fail(
                    BatchException.Reason.WRONG_ANSWERS,
                    "the batch function gave " + copy.size() + " answers to " + all.size() + " items",
                    null);
            return;
        }
        end(at -> answer(all.get(at), copy.get(at)));
    }

    private void answer(BatchItem<I, O> item, @Nullable BatchResult<O> result) {
        Throwable cause = result == null ? null : result.cause();
        if (result == null) {
            item.sink.error(new BatchException(
                    BatchException.Reason.WRONG_ANSWERS, "the batch function gave no answer to the item", null));
        } else if (cause != null) {
            item.sink.error(cause);
        } else {
            item.sink.success(result.value());
        }
    }

    @Override
    public void onError(Throwable cause) {
        if (isOver.compareAndSet(false, true)) {
            fail(
                    BatchException.Reason.FAILED,
                    "the batch function failed: " + cause.getClass().getName(),
                    cause);
        }
    }

    @Override
    public void onComplete() {
        if (isOver.compareAndSet(false, true)) {
            fail(
                    BatchException.Reason.WRONG_ANSWERS,
                    "the batch function gave 0 answers to " + all.size() + " items",
                    null);
        }
    }

    private void fail(BatchException.Reason reason, String message, @Nullable Throwable cause) {
        end(at -> all.get(at).sink.error(new BatchException(reason, message, cause)));
    }

    /** Each item is signalled on a thread of its own: what follows is code of the user's. */
    private void end(IntConsumer signal) {
        limit.off();
        for (int at = 0; at < all.size(); at++) {
            int item = at;
            batcher.clock.schedule(Duration.ZERO, () -> signal.accept(item));
        }
        batcher.ended();
    }
}
