package io.flotilla.health;

import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Liveness from work that is done. Each piece of work is told when it begins and when it ends; while there is work and none of it
 * ends, whoever does it is stuck, however well its timers tick. Where there is no work, there is nothing to be late with.
 *
 * <pre>{@code
 * Progress progress = Progress.stuckAfter(Duration.ofSeconds(30));
 * Mono<String> answer = progress.track(client.ask(question));
 * HealthMonitor monitor = HealthMonitor.builder().check(progress.check("client")).build().start();
 * }</pre>
 *
 * <table>
 * <caption>What the check says</caption>
 * <tr><th>status</th><th>when</th></tr>
 * <tr><td>{@link HealthStatus#UP}</td><td>all else</td></tr>
 * <tr><td>{@link HealthStatus#DEGRADED}</td><td>a piece of work has been silent for longer than the limit, while others end</td></tr>
 * <tr><td>{@link HealthStatus#DOWN}</td><td>there has been work for longer than the limit, without any progress</td></tr>
 * </table>
 *
 * <p>Work that fails has ended: whoever answers with an error is alive. Work that is given up, by a timeout or a cancel, has not gone
 * on. Whoever gets no work any more since it was {@code DOWN} is {@code UP} again, and may be tried, when the last piece was given up
 * longer ago than the limit.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Progress {

    private final Duration stuckAfter;
    private final long limitNanos;

    // Guarded by this.
    private final Set<Work> inFlight = new HashSet<>();
    private long settled;
    private long abandoned;
    private boolean isWaiting;
    private long waitingSince;
    private boolean hasEnded;
    private long lastEnd;

    private Progress(Duration stuckAfter) {
        this.stuckAfter = stuckAfter;
        this.limitNanos = stuckAfter.toNanos();
    }

    /**
     * Of work nothing is known of yet.
     *
     * @param limit how long there may be work without any of it going on; more than zero, at most 292 years
     * @return the progress
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is outside its bounds
     */
    public static Progress stuckAfter(Duration limit) {
        return new Progress(HealthCheck.positive("stuckAfter", limit));
    }

    /** One piece of work, from its begin to its end. What is told after the end is ignored. Thread-safe. */
    public final class Work {

        private long lastNanos;

        private Work(long now) {
            this.lastNanos = now;
        }

        /** It goes on: a token, a page, a row. */
        public void advanced() {
            ended(this, HealthTime.nanos(), true, false);
        }

        /** It has ended by itself, well or badly. */
        public void settled() {
            ended(this, HealthTime.nanos(), true, true);
        }

        /** It was given up before it ended: by a timeout, or a cancel. */
        public void abandoned() {
            ended(this, HealthTime.nanos(), false, true);
        }
    }

    /**
     * Begins a piece of work.
     *
     * @return to be told how it goes; it counts as work until it is told its end
     */
    public Work begin() {
        long now = HealthTime.nanos();
        Work work = new Work(now);
        synchronized (this) {
            // After a long pause it is a new story: what was given up then says nothing of today.
            if (!isWaiting || (inFlight.isEmpty() && isLongAgo(now))) {
                isWaiting = true;
                waitingSince = now;
            }
            inFlight.add(work);
        }
        return work;
    }

    private synchronized void ended(Work work, long now, boolean wentOn, boolean isEnd) {
        if (!inFlight.contains(work)) {
            return;
        }
        work.lastNanos = now;
        if (isEnd) {
            inFlight.remove(work);
            hasEnded = true;
            lastEnd = now;
            settled += wentOn ? 1 : 0;
            abandoned += wentOn ? 0 : 1;
        }
        if (wentOn) {
            isWaiting = !inFlight.isEmpty();
            waitingSince = now;
        }
    }

    private boolean isLongAgo(long now) {
        return hasEnded && now - lastEnd > limitNanos;
    }

    /**
     * Follows a piece of work: it begins with each subscription and ends with its signal. A {@link TimeoutException} and a cancel
     * give it up.
     *
     * @param work what to follow
     * @param <T> its value
     * @return the same, to be subscribed to instead
     * @throws NullPointerException if {@code work} is null
     */
    public <T> Mono<T> track(Mono<T> work) {
        Objects.requireNonNull(work, "work");
        return Mono.defer(() -> {
            Work piece = begin();
            return work.doOnSuccess(value -> piece.settled())
                    .doOnError(failure -> failed(piece, failure))
                    .doOnCancel(piece::abandoned);
        });
    }

    /**
     * Follows a piece of work that streams: each element is progress, see {@link #track(Mono)}.
     *
     * @param work what to follow
     * @param <T> its elements
     * @return the same, to be subscribed to instead
     * @throws NullPointerException if {@code work} is null
     */
    public <T> Flux<T> track(Flux<T> work) {
        Objects.requireNonNull(work, "work");
        return Flux.defer(() -> {
            Work piece = begin();
            return work.doOnNext(element -> piece.advanced())
                    .doOnComplete(piece::settled)
                    .doOnError(failure -> failed(piece, failure))
                    .doOnCancel(piece::abandoned);
        });
    }

    private static void failed(Work piece, Throwable failure) {
        if (failure instanceof TimeoutException) {
            piece.abandoned();
        } else {
            piece.settled();
        }
    }

    /**
     * A check of it.
     *
     * @param name see {@link HealthCheck#of}
     * @return a critical check, with the numbers as details
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public HealthCheck check(String name) {
        return HealthCheck.of(name, this::health);
    }

    /**
     * How it is now.
     *
     * @return the health that a check of it would find
     */
    public synchronized Health health() {
        long now = HealthTime.nanos();
        long silent = inFlight.stream()
                .filter(work -> now - work.lastNanos > limitNanos)
                .count();
        String reason = reason(now, silent);
        Health health = reason == null ? Health.up() : isStuck(now) ? Health.down(reason) : Health.degraded(reason);
        return health.with("inFlight", inFlight.size())
                .with("silent", silent)
                .with("settled", settled)
                .with("abandoned", abandoned);
    }

    private @Nullable String reason(long now, long silent) {
        if (isStuck(now)) {
            return "there has been work for " + TimeUnit.NANOSECONDS.toMillis(now - waitingSince)
                    + " ms without any progress";
        }
        return silent == 0
                ? null
                : silent + " of " + inFlight.size() + " pieces of work are silent for more than "
                        + stuckAfter.toMillis() + " ms";
    }

    private boolean isStuck(long now) {
        return isWaiting && now - waitingSince > limitNanos && (!inFlight.isEmpty() || !isLongAgo(now));
    }
}
