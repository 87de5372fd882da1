package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuple2;

/** The cold streams of results: each subscription is a {@link Round}. */
final class StepFlux {

    private StepFlux() {}

    /** The agents, none of them null; read once. */
    static <I, O> Agent<? super I, ? extends O>[] array(Iterable<? extends Agent<? super I, ? extends O>> agents) {
        List<Agent<? super I, ? extends O>> list = new ArrayList<>();
        for (Agent<? super I, ? extends O> agent : Objects.requireNonNull(agents, "agents")) {
            list.add(Objects.requireNonNull(agent, () -> "agents[" + list.size() + "] is null"));
        }
        @SuppressWarnings({"unchecked", "rawtypes"}) // filled from a list of them
        Agent<? super I, ? extends O>[] array = list.toArray(new Agent[0]);
        return array;
    }

    /** Pairs as a source of steps: not null, and the order does not need all of them at once. */
    static <T> Flux<T> pairs(Order order, Publisher<? extends T> pairs) {
        Flux<T> source = Flux.from(Objects.requireNonNull(pairs, "pairs"));
        if (order.isShuffled()) {
            throw new IllegalStateException("a stream of pairs cannot be shuffled, order was " + order);
        }
        return source;
    }

    /** The report of a round over a list; an agent for whose index {@code stillWanted} says no is left out. */
    static <I, O> Mono<StepReport<O>> report(
            StepEngine engine, Agent<? super I, ? extends O>[] agents, I input, @Nullable IntPredicate stillWanted) {
        FailureMode mode = engine.failureMode();
        Mono<StepReport<O>> report = new ReportMono<I, O>(engine, agents, input, stillWanted);
        return mode == FailureMode.FAIL_AT_END ? report.map(StepReport::orThrow) : report;
    }

    /** The results of a round over a list. */
    static <I, O> Flux<StepResult<O>> overList(
            StepEngine engine, Agent<? super I, ? extends O>[] agents, I input, @Nullable RoundOutput output) {
        FailureMode mode = engine.failureMode();
        Flux<StepResult<O>> results = new OfList<I, O>(engine, mode == FailureMode.FAIL_FAST, agents, input, output);
        return mode == FailureMode.FAIL_AT_END ? failingAtEnd(results, ResultSink::keepingAll) : results;
    }

    /** The results of a round over pairs. */
    static <I, O> Flux<StepResult<O>> overPairs(
            StepEngine engine,
            Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs,
            @Nullable RoundOutput output) {
        FailureMode mode = engine.failureMode();
        Flux<StepResult<O>> results = new OfFlux<I, O>(engine, mode == FailureMode.FAIL_FAST, pairs, output);
        return mode == FailureMode.FAIL_AT_END
                ? failingAtEnd(results, () -> ResultSink.keepingFailures(StepEngine.MAX_FAILURES_KEPT))
                : results;
    }

    private static <O> Flux<StepResult<O>> failingAtEnd(
            Flux<StepResult<O>> results, Supplier<ResultSink<O>> aggregate) {
        return Flux.defer(() -> {
            ResultSink<O> sink = aggregate.get();
            return sink.tap(results)
                    .onErrorMap(cause -> new RoundFailedException(sink.report(), cause))
                    .concatWith(Mono.defer(
                            () -> Mono.fromRunnable(() -> sink.report().orThrow())));
        });
    }

    /** Over a list. */
    static final class OfList<I, O> extends Flux<StepResult<O>> {

        private final StepEngine engine;
        private final boolean failFast;
        private final Agent<? super I, ? extends O>[] agents;
        private final I input;
        private final @Nullable RoundOutput output;

        OfList(
                StepEngine engine,
                boolean failFast,
                Agent<? super I, ? extends O>[] agents,
                I input,
                @Nullable RoundOutput output) {
            this.output = output;
            this.engine = engine;
            this.failFast = failFast;
            this.agents = agents;
            this.input = input;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepResult<O>> actual) {
            new ListSource<I, O>(engine, failFast, actual, agents, input, null, new UsageLedger(), output)
                    .run(engine.maxStepsInFlight());
        }
    }

    /** Over a stream of pairs. */
    static final class OfFlux<I, O> extends Flux<StepResult<O>> {

        private final StepEngine engine;
        private final boolean failFast;
        private final Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs;
        private final @Nullable RoundOutput output;

        OfFlux(
                StepEngine engine,
                boolean failFast,
                Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs,
                @Nullable RoundOutput output) {
            this.output = output;
            this.engine = engine;
            this.failFast = failFast;
            this.pairs = pairs;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepResult<O>> actual) {
            new FluxSource<I, O>(engine, failFast, actual, engine.maxStepsInFlight(), output).run(pairs);
        }
    }
}
