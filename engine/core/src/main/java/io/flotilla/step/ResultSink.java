package io.flotilla.step;

import io.flotilla.agent.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Aggregates results while they pass: how many of each kind, which failed, what the report of them all is.
 *
 * <p>{@link StepEngine#run} ends in one. For a stream whose results are used one by one, {@link #tap} puts one in the
 * middle:
 *
 * <pre>{@code
 * ResultSink<Digest> sink = ResultSink.keepingFailures(100);
 * sink.tap(engine.stream(readers, folder))
 *         .doOnNext(...)
 *         .then(Mono.fromSupplier(sink::report));
 * }</pre>
 *
 * <p>A sink counts on from one stream to the next. Thread-safe, though it is meant to be fed by one stream, whose signals
 * come one after another: fed by two, the order of {@link #report()} is by index and then by arrival.
 *
 * @param <O> the value of a step
 * @since 0.1
 */
public final class ResultSink<O> {

    private static final Comparator<StepResult<?>> BY_INDEX = Comparator.comparingLong(StepResult::index);

    private final boolean keepsValues;
    private final int most;
    private final long[] counts = new long[StepResult.Kind.values().length];
    private final List<StepResult<O>> kept;
    private boolean inOrder = true;
    private long lastIndex = -1;

    private ResultSink(boolean keepsValues, int most, int expected) {
        this.keepsValues = keepsValues;
        this.most = most;
        this.kept = new ArrayList<>(expected);
    }

    /**
     * A sink that keeps every result: its memory grows with the number of results.
     *
     * @param <O> the value of a step
     * @return a new sink
     */
    public static <O> ResultSink<O> keepingAll() {
        return new ResultSink<>(true, Integer.MAX_VALUE, 16);
    }

    /**
     * A sink for streams of any length: it keeps the first failures and counts all results.
     *
     * @param atMost how many failures to keep; 0 or more
     * @param <O> the value of a step
     * @return a new sink
     * @throws IllegalArgumentException if {@code atMost} is negative
     */
    public static <O> ResultSink<O> keepingFailures(int atMost) {
        if (atMost < 0) {
            throw new IllegalArgumentException("atMost must be >= 0, was " + atMost);
        }
        return new ResultSink<>(false, atMost, Math.min(atMost, 16));
    }

    /**
     * Takes one result.
     *
     * @param result how a step ended
     * @throws NullPointerException if {@code result} is null
     */
    public synchronized void accept(StepResult<O> result) {
        StepResult.Kind kind = result.kind();
        counts[kind.ordinal()]++;
        if ((keepsValues || kind.isFailure()) && kept.size() < most) {
            kept.add(result);
            inOrder &= result.index() >= lastIndex;
            lastIndex = result.index();
        }
    }

    /**
     * Passes results on as they come, and takes each on the way.
     *
     * <ul>
     *   <li><b>onNext, onError, onComplete, demand, cancel, threads, context</b>: those of {@code results}.
     * </ul>
     *
     * @param results a stream of an engine
     * @return the same results
     * @throws NullPointerException if {@code results} is null
     */
    public Flux<StepResult<O>> tap(Publisher<StepResult<O>> results) {
        return Flux.from(Objects.requireNonNull(results, "results")).doOnNext(this::accept);
    }

    /**
     * The report of the results so far.
     *
     * @return a report that does not change when more results come
     */
    public synchronized StepReport<O> report() {
        @SuppressWarnings({"unchecked", "rawtypes"}) // filled from a list of StepResult<O>
        StepResult<O>[] results = kept.toArray(new StepResult[0]);
        if (!inOrder) {
            Arrays.sort(results, BY_INDEX);
        }
        return new StepReport<>(results, counts.clone(), Usage.NONE);
    }
}
