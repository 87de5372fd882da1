package io.flotilla.benchmarks;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * What answers asynchronous steps: a step asks, and is answered when the loop comes to it, after all that asked before. On
 * the benchmark's own thread, so that the cost of the fan-out is measured and not that of a thread pool.
 */
final class EventLoop {

    private final Queue<Runnable> asked = new ArrayDeque<>();

    /** Answers until nobody asks any more. */
    void run() {
        for (Runnable next = asked.poll(); next != null; next = asked.poll()) {
            next.run();
        }
    }

    /** Subscribes, answers whoever asks, and returns what comes of it. */
    <T> T finish(Mono<T> round) {
        AtomicReference<T> result = new AtomicReference<>();
        round.subscribe(result::set);
        run();
        T value = result.get();
        if (value == null) {
            throw new IllegalStateException("the round has not ended");
        }
        return value;
    }

    CompletableFuture<Integer> future(Integer answer) {
        CompletableFuture<Integer> future = new CompletableFuture<>();
        asked.add(() -> future.complete(answer));
        return future;
    }

    Mono<Integer> mono(Integer answer) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Integer> actual) {
                Asked subscription = new Asked(actual, answer);
                actual.onSubscribe(subscription);
                asked.add(subscription);
            }
        };
    }

    private static final class Asked implements Subscription, Runnable {

        private final CoreSubscriber<? super Integer> actual;
        private final Integer answer;

        Asked(CoreSubscriber<? super Integer> actual, Integer answer) {
            this.actual = actual;
            this.answer = answer;
        }

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}

        @Override
        public void run() {
            actual.onNext(answer);
            actual.onComplete();
        }
    }
}
