package io.flotilla.benchmarks;

import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;
import io.flotilla.message.Envelope;
import io.flotilla.message.Mailbox;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * What does a message through a mailbox cost, from many producers to one handler on another thread?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Mailboxes"</pre>
 *
 * <p>All have room for {@value #CAPACITY} messages; who finds none tries again. The rivals: a unicast sink of Reactor's under
 * a lock with {@code publishOn}, which loses what it does not take and has no accounting, timeouts or isolation; JCTools' queue
 * with a thread that polls it, and the Disruptor, which are the limits of what can be had.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class Mailboxes {

    private static final int CAPACITY = 1 << 14;

    /** Producers, and a count of what has arrived. */
    @State(Scope.Benchmark)
    public abstract static class Producers {

        @Param({"1", "8", "64"})
        int producers;

        @Param("128000")
        int steps;

        private final Envelope envelope = Envelope.to("bench", "hello").build();
        private ExecutorService threads = Executors.newCachedThreadPool();
        private long arrived;
        private volatile CountDownLatch done = new CountDownLatch(1);

        /** By the one consumer only. */
        void arrive() {
            if (++arrived % steps == 0) {
                done.countDown();
            }
        }

        @SuppressWarnings("ThreadPriorityCheck") // nothing depends on the yield but how long it takes
        void sendAll(Predicate<Envelope> to) throws InterruptedException {
            done = new CountDownLatch(1);
            for (int producer = 0; producer < producers; producer++) {
                threads.execute(() -> {
                    for (int count = 0; count < steps / producers; count++) {
                        while (!to.test(envelope)) {
                            Thread.yield(); // more producers than cores: whoever spins keeps the consumer from its core
                        }
                    }
                });
            }
            if (!done.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("after a minute " + arrived % steps + " of " + steps + " have arrived");
            }
        }

        @TearDown
        public void end() {
            threads.shutdownNow();
        }
    }

    /** Ours. */
    public static class Ours extends Producers {

        private Mailbox mailbox = Mailbox.builder("none").build();

        @Setup
        public void setUp() {
            mailbox = Mailbox.builder("bench")
                    .capacity(CAPACITY)
                    .handler(envelope -> {
                        arrive();
                        return Mono.empty();
                    })
                    .build();
        }
    }

    /** Reactor's. */
    public static class Unicast extends Producers {

        private final Object lock = new Object();
        private Sinks.Many<Envelope> sink = Sinks.many().unicast().onBackpressureError();

        @Setup
        public void setUp() {
            sink = Sinks.many().unicast().onBackpressureBuffer(new ArrayBlockingQueue<>(CAPACITY));
            sink.asFlux().publishOn(Schedulers.newSingle("sink", true)).subscribe(any -> arrive());
        }

        boolean send(Envelope envelope) {
            synchronized (lock) {
                return sink.tryEmitNext(envelope).isSuccess();
            }
        }
    }

    /** JCTools. */
    public static class Queue extends Producers {

        private final MpscArrayQueue<Envelope> queue = new MpscArrayQueue<>(CAPACITY);
        private final AtomicBoolean ended = new AtomicBoolean();

        @Setup
        public void setUp() {
            Thread consumer = new Thread(() -> {
                while (!ended.get()) {
                    if (queue.poll() != null) {
                        arrive();
                    } else {
                        Thread.onSpinWait();
                    }
                }
            });
            consumer.setDaemon(true);
            consumer.start();
        }

        @TearDown
        public void stop() {
            ended.set(true);
        }
    }

    /** A slot of the ring. */
    private static final class Slot {
        private @Nullable Envelope envelope;
    }

    /** The Disruptor. */
    public static class Ring extends Producers {

        private final Disruptor<Slot> disruptor = new Disruptor<>(
                Slot::new, CAPACITY, DaemonThreadFactory.INSTANCE, ProducerType.MULTI, new BlockingWaitStrategy());
        private final AtomicLong seen = new AtomicLong();

        @Setup
        public void setUp() {
            disruptor.handleEventsWith((slot, sequence, isLast) -> {
                if (slot.envelope != null) {
                    arrive();
                }
                seen.lazySet(sequence);
            });
            disruptor.start();
        }

        boolean send(Envelope envelope) {
            RingBuffer<Slot> ring = disruptor.getRingBuffer();
            return ring.tryPublishEvent((slot, sequence) -> slot.envelope = envelope);
        }

        @TearDown
        public void stop() {
            disruptor.halt();
        }
    }

    @Benchmark
    public void mailbox(Ours ours) throws InterruptedException {
        ours.sendAll(envelope -> ours.mailbox.offer(envelope).isAccepted());
    }

    @Benchmark
    public void unicastWithALock(Unicast rival) throws InterruptedException {
        rival.sendAll(rival::send);
    }

    @Benchmark
    public void jctools(Queue limit) throws InterruptedException {
        limit.sendAll(limit.queue::offer);
    }

    @Benchmark
    public void disruptor(Ring limit) throws InterruptedException {
        limit.sendAll(limit::send);
    }
}
