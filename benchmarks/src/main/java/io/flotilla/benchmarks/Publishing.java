package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * What does one delivery cost when a message is published to many subscribers?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Publishing"</pre>
 *
 * <p>A step is one delivery; {@code steps} of them are made and handled in each call. The rivals: a direct call and Reactor's
 * multicast sinks run the subscribers on the publisher's thread, so a slow one holds up all others and the publisher;
 * {@code directBestEffort} loses what a subscriber has not asked for, {@code directAllOrNothing} gives a message to nobody if one
 * subscriber has not asked for it, {@code onBackpressureBuffer} refuses all once its slowest subscriber is as far behind as the
 * buffer is long. Only the sink with a {@code publishOn} for each
 * subscriber isolates them as mailboxes do, without bounds on their handlers' time.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class Publishing {

    /** Subscribers that count on their own, and together say when all is there. */
    @State(Scope.Benchmark)
    public abstract static class Audience {

        @Param({"10", "1000"})
        int subscribers;

        @Param("100000")
        int steps;

        final Envelope envelope = Envelope.onTopic("news", "hello").build();
        final List<Consumer<Envelope>> handlers = new ArrayList<>();
        private final AtomicInteger left = new AtomicInteger();
        private volatile CountDownLatch done = new CountDownLatch(1);

        /** Each is called by one thread at a time. */
        private final class Counting implements Consumer<Envelope> {

            private int count;

            @Override
            public void accept(Envelope received) {
                if (++count == steps / subscribers) {
                    count = 0;
                    if (left.decrementAndGet() == 0) {
                        done.countDown();
                    }
                }
            }
        }

        @Setup
        public void subscribe() {
            for (int subscriber = 0; subscriber < subscribers; subscriber++) {
                handlers.add(new Counting());
            }
            setUp();
        }

        abstract void setUp();

        void publishAll(Runnable publish) throws InterruptedException {
            left.set(subscribers);
            done = new CountDownLatch(1);
            for (int count = 0; count < steps / subscribers; count++) {
                publish.run();
            }
            if (!done.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("lost some");
            }
        }
    }

    /** Ours. */
    public static class Ours extends Audience {

        private final Topics topics = Topics.create();

        @Override
        void setUp() {
            for (int at = 0; at < subscribers; at++) {
                Consumer<Envelope> handler = handlers.get(at);
                AgentId id = AgentId.of("subscriber", at);
                topics.join(
                        id,
                        received -> {
                            handler.accept(received);
                            return Mono.empty();
                        },
                        MemberOptions.defaults().capacity(steps));
                topics.subscribe(id, "news");
            }
        }
    }

    /** On the publisher's thread. */
    public static class Direct extends Audience {

        @Override
        void setUp() {
            // the handlers are all there is
        }
    }

    /** Reactor's multicast sinks. */
    public static class Sink extends Audience {

        @Param({"directBestEffort", "directAllOrNothing", "onBackpressureBuffer", "publishOn"})
        String form = "";

        private Sinks.Many<Envelope> sink = Sinks.many().multicast().directBestEffort();

        @Override
        void setUp() {
            if (form.equals("directAllOrNothing")) {
                sink = Sinks.many().multicast().directAllOrNothing();
            } else if (form.equals("onBackpressureBuffer")) {
                sink = Sinks.many().multicast().onBackpressureBuffer(steps, false);
            }
            boolean isolated = form.equals("publishOn");
            handlers.forEach(handler -> (isolated
                            ? sink.asFlux().publishOn(Schedulers.parallel(), 4 * (steps / subscribers) + 16)
                            : sink.asFlux())
                    .subscribe(handler));
        }
    }

    @Benchmark
    public void topics(Ours ours) throws InterruptedException {
        ours.publishAll(() -> ours.topics.offer(ours.envelope));
    }

    @Benchmark
    public void directCall(Direct limit) throws InterruptedException {
        limit.publishAll(() -> {
            for (Consumer<Envelope> handler : limit.handlers) {
                handler.accept(limit.envelope);
            }
        });
    }

    @Benchmark
    public void sink(Sink rival) throws InterruptedException {
        rival.publishAll(() -> rival.sink.tryEmitNext(rival.envelope));
    }
}
