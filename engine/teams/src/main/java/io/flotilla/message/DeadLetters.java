package io.flotilla.message;

import io.flotilla.step.SimulationThread;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * Counts what was not delivered, keeps the last of it, and publishes all of it. Several mailboxes may share one.
 *
 * <p>The first ten dead letters of each reason, and after that the 16th, 32nd, 64th and so on, are logged at WARN by the
 * logger of this class, without payload.
 *
 * <p>No mailbox waits for a subscriber or for the log. Thread-safe.
 *
 * @since 0.1
 */
public final class DeadLetters {

    /** How many dead letters {@link #recent()} has unless told otherwise. */
    public static final int DEFAULT_KEPT = 100;

    /** How many dead letters wait for each subscriber of {@link #letters()}. */
    public static final int BUFFER = 256;

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
    private static final int ALL_LOGGED = 10;

    private final int kept;
    private final Map<DeadLetter.Reason, AtomicLong> counts = new EnumMap<>(DeadLetter.Reason.class);
    private final Deque<DeadLetter> recent = new ArrayDeque<>();
    private final List<FluxSink<DeadLetter>> subscribers = new CopyOnWriteArrayList<>();
    private final AtomicLong missed = new AtomicLong();
    private final Flux<DeadLetter> letters;

    private DeadLetters(int kept) {
        this.kept = kept;
        for (DeadLetter.Reason reason : DeadLetter.Reason.values()) {
            counts.put(reason, new AtomicLong());
        }
        // A sink of Flux.create may be fed by many threads at once; the buffer behind it takes all it is given.
        this.letters = Flux.defer(() -> Flux.<DeadLetter>create(this::subscribe, FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureBuffer(BUFFER, oldest -> missed.incrementAndGet(), BufferOverflowStrategy.DROP_OLDEST)
                .publishOn(Schedulers.boundedElastic(), 1));
    }

    /**
     * An office that keeps the last {@value #DEFAULT_KEPT}.
     *
     * @return without dead letters
     */
    public static DeadLetters create() {
        return keeping(DEFAULT_KEPT);
    }

    /**
     * An office that keeps the last ones. What it keeps is not garbage: payloads are kept as well.
     *
     * @param kept how many {@link #recent()} has at most; 0 or more
     * @return without dead letters
     * @throws IllegalArgumentException if {@code kept} is negative
     */
    public static DeadLetters keeping(int kept) {
        if (kept < 0) {
            throw new IllegalArgumentException("kept must be >= 0, was " + kept);
        }
        return new DeadLetters(kept);
    }

    private void subscribe(FluxSink<DeadLetter> subscriber) {
        subscribers.add(subscriber);
        subscriber.onDispose(() -> subscribers.remove(subscriber));
    }

    /**
     * Adds a dead letter. Returns at once.
     *
     * @param letter what was not delivered
     * @throws NullPointerException if {@code letter} is null
     */
    public void add(DeadLetter letter) {
        long count = counter(Objects.requireNonNull(letter, "letter").reason()).incrementAndGet();
        if (kept > 0) {
            synchronized (recent) {
                if (recent.size() == kept) {
                    recent.removeFirst();
                }
                recent.addLast(letter);
            }
        }
        for (FluxSink<DeadLetter> subscriber : subscribers) {
            subscriber.next(letter);
        }
        if (count > ALL_LOGGED && Long.bitCount(count) != 1) {
            return;
        }
        if (SimulationThread.isCurrent()) {
            Dispatch.shared().execute(() -> log(letter, count)); // whatever is logged: the order must not depend on it
        } else if (LOG.isWarnEnabled()) {
            WorkerPool.SHARED.execute(() -> log(letter, count));
        }
    }

    private static void log(DeadLetter letter, long count) {
        LOG.warn("dead letter {} of this reason: {}", count, letter);
    }

    private AtomicLong counter(DeadLetter.Reason reason) {
        return Objects.requireNonNull(counts.get(reason), "every reason has one");
    }

    /**
     * What is not delivered from now on.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: each dead letter. For a subscriber that is slow up to {@value #BUFFER} wait; then the oldest of
     *       them are dropped, and counted in {@link #missed()}.
     *   <li><b>onError, onComplete</b>: never.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: {@link Schedulers#boundedElastic()}; the subscriber may block.
     * </ul>
     *
     * @return the dead letters
     */
    public Flux<DeadLetter> letters() {
        return letters;
    }

    /**
     * The last dead letters.
     *
     * @return a copy, the oldest first
     */
    public List<DeadLetter> recent() {
        synchronized (recent) {
            return new ArrayList<>(recent);
        }
    }

    /**
     * How many there were.
     *
     * @return the number of all of them
     */
    public long count() {
        return counts.values().stream().mapToLong(AtomicLong::get).sum();
    }

    /**
     * How many there were for a reason.
     *
     * @param reason which ones
     * @return the number
     * @throws NullPointerException if {@code reason} is null
     */
    public long count(DeadLetter.Reason reason) {
        return counter(Objects.requireNonNull(reason, "reason")).get();
    }

    /**
     * How many dead letters slow subscribers of {@link #letters()} missed.
     *
     * @return the number for all subscribers
     */
    public long missed() {
        return missed.get();
    }

    /** The counts that are not zero. */
    @Override
    public String toString() {
        Map<DeadLetter.Reason, Long> some = new EnumMap<>(DeadLetter.Reason.class);
        counts.forEach((reason, count) -> {
            if (count.get() > 0) {
                some.put(reason, count.get());
            }
        });
        return "DeadLetters" + some;
    }
}
