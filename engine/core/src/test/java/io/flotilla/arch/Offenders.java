package io.flotilla.arch;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.StepEngine;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/** Code as it must not be in the library: every method breaks the rule its class names. */
public final class Offenders {

    private Offenders() {}

    /** Which rule. */
    @Retention(RetentionPolicy.RUNTIME)
    public @interface Breaks {
        String value();
    }

    @Breaks("hooks")
    static final class UsesHooks {
        void everyOperator() {
            Hooks.onEachOperator(publisher -> publisher);
        }

        void dropped() {
            Hooks.onErrorDropped(cause -> {});
        }
    }

    @Breaks("blocking")
    static final class Blocks {
        String mono(Mono<String> mono) {
            return mono.block();
        }

        String flux(Flux<String> flux) {
            return flux.blockLast();
        }

        Iterable<String> iterable(Flux<String> flux) {
            return flux.toIterable();
        }

        Stream<String> stream(Flux<String> flux) {
            return flux.toStream();
        }

        Function<Mono<String>, String> reference() {
            return Mono::block;
        }
    }

    @Breaks("onErrorContinue")
    static final class Continues {
        Flux<String> flux(Flux<String> flux) {
            return flux.onErrorContinue((cause, value) -> {});
        }

        Mono<String> mono(Mono<String> mono) {
            return mono.onErrorContinue((cause, value) -> {});
        }
    }

    @Breaks("sinks without a bound")
    static final class UnboundedSinks {
        Object multicast() {
            return Sinks.many().multicast().onBackpressureBuffer();
        }

        Object unicast() {
            return Sinks.many().unicast().onBackpressureBuffer();
        }

        Object replay() {
            return Sinks.many().replay().all();
        }

        Object create() {
            return FluxSink.OverflowStrategy.BUFFER;
        }

        Object buffer(Flux<String> flux) {
            return flux.onBackpressureBuffer();
        }

        Object kept(Flux<String> flux) {
            return flux.cache();
        }
    }

    @Breaks("queues without a bound")
    static final class UnboundedQueues {
        Supplier<Queue<String>> unbounded() {
            return Queues.unbounded();
        }

        Supplier<Queue<String>> multiproducer() {
            return Queues.unboundedMultiproducer();
        }

        Queue<String> blocking() {
            return new LinkedBlockingQueue<>();
        }

        Queue<String> concurrent() {
            return new ConcurrentLinkedQueue<>();
        }
    }

    @Breaks("Java serialization")
    static final class Serializes {
        Object read(InputStream from) throws IOException, ClassNotFoundException {
            return new ObjectInputStream(from).readObject();
        }

        void write(OutputStream to, Object value) throws IOException {
            new ObjectOutputStream(to).writeObject(value);
        }
    }

    @Breaks("sleeping")
    static final class Sleeps {
        void sleep() throws InterruptedException {
            Thread.sleep(1);
        }
    }

    @Breaks("standard streams")
    static final class Prints {
        void out() {
            System.out.println();
        }

        void err() {
            System.err.println();
        }

        void stack(Throwable cause) {
            cause.printStackTrace();
        }
    }

    @Breaks("thread-locals")
    static final class KeepsInThreads {
        Object make() {
            return new ThreadLocal<String>();
        }

        String read(ThreadLocal<String> local) {
            return local.get();
        }
    }

    /** A machine of a run as it must not be. */
    public static final class Impure {

        Mono<String> reactor() {
            return Mono.never();
        }

        Object map() {
            return new ConcurrentHashMap<String, String>();
        }

        Object lock() {
            return new ReentrantLock();
        }

        int atomic(AtomicInteger count) {
            return count.incrementAndGet();
        }

        String thread() {
            return Thread.currentThread().getName();
        }

        synchronized void monitor() {}

        void waiting(List<String> list) throws InterruptedException {
            while (list.isEmpty()) {
                wait();
            }
        }

        Instant now() {
            return Instant.now();
        }

        LocalDate today(ZoneId zone) {
            return LocalDate.now(zone);
        }

        long clock(Clock clock) {
            return clock.millis();
        }

        long nanos() {
            return System.nanoTime();
        }

        double chance() {
            return Math.random();
        }

        int random() {
            return new Random(1).nextInt();
        }

        int randomOfThread() {
            return ThreadLocalRandom.current().nextInt();
        }

        Object id() {
            return UUID.randomUUID();
        }

        void shuffled(List<String> list) {
            Collections.shuffle(list);
        }

        void told(Logger log) {
            log.info("done");
        }

        byte[] read(InputStream from) throws IOException {
            return from.readAllBytes();
        }

        int engine(StepEngine engine) {
            return EngineAccess.of(engine).maxStepsInFlight();
        }

        Instant engineTime(EngineClock clock) {
            return clock.now();
        }
    }

    /** Shows types that are not ours. */
    public abstract static class Signatures {
        public Observation field;

        public Timer returned() {
            return null;
        }

        public List<Timer> listed() {
            return List.of();
        }

        public void taken(Observation.Context context) {}

        protected abstract Timer inherited();

        public void allowed(MeterRegistry meters, ObservationRegistry observations) {}

        Timer allowedToUs() {
            return null;
        }
    }
}
