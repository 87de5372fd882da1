package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuple2;

/**
 * Runs the steps of many agents side by side, and keeps every result: one agent that fails does not take the others' work
 * with it.
 *
 * <pre>{@code
 * StepEngine engine = StepEngine.builder().concurrency(64).stepTimeout(Duration.ofSeconds(30)).build();
 * engine.run(readers, folder).subscribe(report -> log.info("{}", report));
 * }</pre>
 *
 * <p>Every failure is logged once at WARN by the logger of this class, in one line with agent id, step id, kind of
 * failure and cause; at DEBUG a second line has the stack trace. A round delivers a result before it is logged and
 * observed, and completes after that; an appender, registry or redactor that does not return keeps it no longer than about
 * 100 ms.
 *
 * <p>An engine has no threads that need closing, and is meant to be shared by the whole application. Thread-safe.
 *
 * @since 0.1
 */
public final class StepEngine {

    /** The default of {@link Builder Builder.concurrency}. */
    public static final int DEFAULT_CONCURRENCY = 256;

    /** The default of {@link Builder Builder.stepTimeout}: 10 minutes, enough for a model that streams for three, and a retry. */
    public static final Duration DEFAULT_STEP_TIMEOUT = Duration.ofMinutes(10);

    /** The default of {@link Builder Builder.idleTimeout}: 60 seconds. */
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(60);

    /** The default of {@link Builder Builder.failureBuffer}: failures held for each subscriber of {@link #failures()}. */
    public static final int DEFAULT_FAILURE_BUFFER = 256;

    /** The default of {@link Builder Builder.emissionBuffer}: emitted values held for a slow subscriber, for each step. */
    public static final int DEFAULT_EMISSION_BUFFER = 256;

    /** The most failures in the report of a stream of pairs, in {@link FailureMode#FAIL_AT_END}. */
    public static final int MAX_FAILURES_KEPT = 1_000;

    private final EngineCore core;
    private final Order order;
    private final FailureMode failureMode;
    private final @Nullable Duration roundTimeout;

    private StepEngine(EngineCore core, Order order, FailureMode failureMode, @Nullable Duration roundTimeout) {
        this.core = core;
        this.order = order;
        this.failureMode = failureMode;
        this.roundTimeout = roundTimeout;
    }

    /**
     * Starts an engine's configuration.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder(new EngineSettings());
    }

    /**
     * Starts another engine's configuration from this one's.
     *
     * @return a builder with all settings of this engine; what it builds has failures of its own
     */
    public Builder toBuilder() {
        Builder builder = new Builder(core.settings.copy()).order(order).failureMode(failureMode);
        builder.settings.roundTimeout = roundTimeout;
        return builder;
    }

    /**
     * This engine with another order; {@link #failures()} and everything else is shared.
     *
     * @param order the order of rounds started with the returned engine
     * @return the same engine in that order
     * @throws NullPointerException if {@code order} is null
     */
    public StepEngine withOrder(Order order) {
        return new StepEngine(core, Objects.requireNonNull(order, "order"), failureMode, roundTimeout);
    }

    /**
     * This engine with another failure mode; {@link #failures()} and everything else is shared.
     *
     * @param failureMode the mode of rounds started with the returned engine
     * @return the same engine in that mode
     * @throws NullPointerException if {@code failureMode} is null
     */
    public StepEngine withFailureMode(FailureMode failureMode) {
        return new StepEngine(core, order, Objects.requireNonNull(failureMode, "failureMode"), roundTimeout);
    }

    /**
     * This engine with another time limit of a whole round; {@link #failures()} and everything else is shared.
     *
     * @param roundTimeout the limit of rounds started with the returned engine, see {@link Builder Builder.roundTimeout}
     * @return the same engine with that limit
     * @throws NullPointerException if {@code roundTimeout} is null
     * @throws IllegalArgumentException if {@code roundTimeout} is zero, negative or too long
     */
    public StepEngine withRoundTimeout(Duration roundTimeout) {
        return new StepEngine(core, order, failureMode, StepTimeouts.checked(roundTimeout, "roundTimeout"));
    }

    /** For a step that is no round. */
    StepEngine withoutRoundTimeout() {
        return roundTimeout == null ? this : new StepEngine(core, order, failureMode, null);
    }

    /**
     * Steps every agent once with the same input, and gathers the results.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: the report of all results, in input order, when the last step has ended; for no agents an
     *       empty report.
     *   <li><b>onError</b>: {@link StepFailedException} in {@link FailureMode#FAIL_FAST}, {@link RoundFailedException} in
     *       {@link FailureMode#FAIL_AT_END}; in {@link FailureMode#ISOLATE} only what a clock or timer of the caller's own
     *       throws.
     *   <li><b>cancel</b>: cancels every step in flight, starts no more.
     *   <li><b>threads</b>: as for {@link #stream(Iterable, Object)}; the report comes on the thread that ended the last
     *       step.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the report
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepReport<O>> run(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        return StepFlux.report(this, StepFlux.array(agents), Objects.requireNonNull(input, "input"), null);
    }

    /**
     * Steps one agent, and emits its result. What a fan-out is made of, to be composed with any operator:
     *
     * <pre>{@code
     * Flux.merge(engine.step(reader, page), engine.step(critic, draft)).transform(sink::tap);
     * Mono.zip(engine.step(weather, city), engine.step(news, topic));   // values of different types
     * }</pre>
     *
     * <p>Interceptors, step timeout, observation, the log and {@link #failures()} apply as in a round. {@link #concurrency()}
     * and {@link #order()} do not: the operators that subscribe decide how many run at a time; {@link
     * Builder Builder.maxInFlight} does. For many steps at once {@link
     * #run} and {@link #stream(Iterable, Object)} are cheaper than {@code Flux.merge}.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a step of its own, with a run id of its own. So
     * what the steps of a round share, such as a budget, a single step has for itself.
     *
     * <ul>
     *   <li><b>onNext</b>: one result, when the step has ended; its {@link StepResult#index()} is 0. Whatever the body does
     *       is a result, never an error.
     *   <li><b>onError</b>: in {@link FailureMode#ISOLATE} never. In the other modes a failed step is the error that a
     *       round of this agent alone ends with: {@link StepFailedException} in {@link FailureMode#FAIL_FAST}, {@link
     *       RoundFailedException} with a report of this one result in {@link FailureMode#FAIL_AT_END}. Steps beside it are
     *       cancelled by the operator that combines them, as {@code Flux.merge} and {@code Mono.zip} do.
     *   <li><b>onComplete</b>: after the result.
     *   <li><b>cancel</b>: cancels the step, and waits for its cancel handler as {@link #stream(Iterable, Object)} does.
     *   <li><b>threads</b>: the body is called on the thread that subscribes; the result comes on the thread that ended the
     *       step, or that asked for it. A body that does not give back the thread it is started on is {@link
     *       StepResult.TimedOut} all the same; its result then comes on a {@code flotilla-rescue} thread.
     *   <li><b>context</b>: the subscriber's context reaches the step.
     * </ul>
     *
     * @param agent the agent to step
     * @param input what it is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the result
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public <I, O> Mono<StepResult<O>> step(Agent<? super I, ? extends O> agent, I input) {
        return SingleStep.of(this, Objects.requireNonNull(agent, "agent"), Objects.requireNonNull(input, "input"));
    }

    /**
     * Steps every agent once with the same input, and emits each result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: one result a step, in the order the steps end; whatever a body does is a result, never an
     *       error. In {@link FailureMode#FAIL_FAST} the results of steps that ended before the first failure.
     *   <li><b>onError</b>: in {@link FailureMode#FAIL_FAST} {@link StepFailedException}, at once, ahead of results not
     *       yet asked for; in {@link FailureMode#FAIL_AT_END} {@link RoundFailedException}, after the last result; in
     *       {@link FailureMode#ISOLATE} only what a clock or timer of the caller's own throws, or a fatal {@link Error}
     *       that downstream throws out of onNext.
     *   <li><b>onComplete</b>: after the last result; at once for no agents.
     *   <li><b>cancel</b>: cancels every step in flight, starts no more; results not yet asked for are discarded. The
     *       cancel handlers are called by a {@code flotilla-cancel} thread; {@code cancel()} waits until they have
     *       returned, at most 0.2 s, and not at all on a thread that must not block. A handler that does not return
     *       holds up no other. In {@link FailureMode#FAIL_FAST} the error waits for them likewise.
     *   <li><b>demand</b>: honoured; at most {@link #concurrency()} steps start ahead of it.
     *   <li><b>threads</b>: the first steps are started on the thread that subscribes, later ones there or where a result
     *       was delivered; one that has waited for a permit of {@link Builder Builder.maxInFlight}, on a {@code flotilla-worker}
     *       thread. Results come on any thread where a step ended or more was asked for; of a step that has passed
     *       its timeout on a {@code flotilla-worker} thread. A body that does not give back the thread it is started on
     *       is {@link StepResult.TimedOut} as well, and a {@code flotilla-rescue} thread continues the round; the
     *       blocked thread itself cannot be freed, and if it is the one that subscribes, {@code subscribe} or
     *       {@code block} does not return on it before the body does. Such bodies are found one after another, so each of them adds up to a
     *       step timeout to the round: use {@link Agent#blocking} for code that blocks.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the results
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     * @see ResultSink#tap to count results and failures on the way
     */
    public <I, O> Flux<StepResult<O>> stream(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        return StepFlux.overList(this, StepFlux.array(agents), Objects.requireNonNull(input, "input"), null);
    }

    /**
     * Steps pairs of an agent and its input as they come, and emits each result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext, cancel, context</b>: as for {@link #stream(Iterable, Object)}; cancel reaches {@code pairs} too.
     *   <li><b>onError</b>: as for {@link #stream(Iterable, Object)}, but that the report of a {@link
     *       RoundFailedException} has at most {@link #MAX_FAILURES_KEPT} failures and no other results; and the error of
     *       {@code pairs}, after the results of the steps in flight. In {@link FailureMode#FAIL_AT_END} that error is the
     *       cause of the {@link RoundFailedException}, whose report has what was settled before.
     *   <li><b>onComplete</b>: when {@code pairs} has completed, after the last result.
     *   <li><b>demand</b>: honoured; {@code pairs} is asked for {@link #concurrency()} pairs, or as many as {@link
     *       Builder Builder.maxInFlight} if that is less, and for one more when a result has been delivered, so no more steps
     *       than that start ahead of demand, and nothing is queued but their results.
     *   <li><b>threads</b>: each step is started on the thread that brings its pair, or on a {@code flotilla-worker} thread if
     *       it has waited for a permit of {@link Builder Builder.maxInFlight}. A body that does not give it back
     *       is {@link StepResult.TimedOut}, but no other thread can bring the next pair: if it never returns, the round never
     *       ends. Use {@link Agent#blocking}.
     * </ul>
     *
     * <p>The order must not be {@link Order#shuffled}, which takes a list.
     *
     * @param pairs agents and inputs, such as {@code inputs.map(input -> Tuples.of(agent, input))}; may be endless
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the results; {@link StepResult#index()} counts the pairs
     * @throws NullPointerException if {@code pairs} is null (the call itself, not a signal)
     * @throws IllegalStateException if the order of this engine is shuffled
     */
    public <I, O> Flux<StepResult<O>> stream(
            Publisher<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
        Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> source =
                StepFlux.pairs(order, pairs);
        return StepFlux.overPairs(this, source, null);
    }

    /**
     * Steps every agent once with the same input, and signals what their steps emit while they run, each attempt that begins, and each
     * result as its step ends.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a round of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: of each step {@link StepSignal.AttemptStarted}, what that attempt {@link StepSignal.Emitted emits}, for each
     *       further attempt the same again, then {@link StepSignal.Settled} with the result. No result is ever dropped. A
     *       subscriber that is slow has up to {@link Builder Builder.emissionBuffer} emitted values of each step waiting; then the oldest
     *       of that step are dropped: positions have a gap, and {@link StepSignal.Settled#dropped()} is how many. No step waits
     *       for it.
     *   <li><b>onError</b>: as for {@link #stream(Iterable, Object)}: {@link StepFailedException} ahead of signals that wait,
     *       everything else after them. What the subscriber throws out of {@code onNext} cancels the round and is its error.
     *   <li><b>onComplete</b>: after the last result.
     *   <li><b>cancel</b>: as for {@link #stream(Iterable, Object)}.
     *   <li><b>demand</b>: honoured, of all signals together; at most twice {@link #concurrency()} steps start ahead of it.
     *   <li><b>threads</b>: signals come on {@code flotilla-listener} threads, one at a time, so the subscriber may block; none is
     *       kept while there is nothing to signal. Steps are started on the thread that subscribes, then where a step ended or on a
     *       {@code flotilla-listener} thread.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param agents the agents to step; read once, by the call itself; an agent that is in it twice is stepped twice
     * @param input what every agent is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals
     * @throws NullPointerException if an argument or an agent is null (the call itself, not a signal)
     * @see io.flotilla.agent.StepContext#emit
     */
    public <I, O> Flux<StepSignal<O>> signals(Iterable<? extends Agent<? super I, ? extends O>> agents, I input) {
        Agent<? super I, ? extends O>[] array = StepFlux.array(agents);
        Objects.requireNonNull(input, "input");
        return SignalRound.flux(this, output -> StepFlux.overList(this, array, input, output));
    }

    /**
     * Steps one agent, as {@link #step} does, and emits its signals.
     *
     * @param agent the agent to step
     * @param input what it is called with
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals of a round of this agent alone, see {@link #signals(Iterable, Object)}
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public <I, O> Flux<StepSignal<O>> signals(Agent<? super I, ? extends O> agent, I input) {
        return signals(List.of(agent), input);
    }

    /**
     * Steps pairs of an agent and its input as they come, as {@link #stream(Publisher)} does, and emits the signals of their steps.
     *
     * @param pairs agents and inputs; may be endless. Asked for {@link #concurrency()} pairs, and for one more when a result has
     *     been delivered
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the signals, see {@link #signals(Iterable, Object)}; {@link StepSignal#index()} counts the pairs
     * @throws NullPointerException if {@code pairs} is null (the call itself, not a signal)
     * @throws IllegalStateException if the order of this engine is shuffled
     */
    public <I, O> Flux<StepSignal<O>> signals(
            Publisher<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
        Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> source =
                StepFlux.pairs(order, pairs);
        return SignalRound.flux(this, output -> StepFlux.overPairs(this, source, output));
    }

    /**
     * The failures of all rounds of this engine from now on, for alerts and dashboards.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: one failure a failed step. A subscriber that is slow has up to {@link Builder Builder.failureBuffer}
     *       failures waiting, behind the one that is on its way to it; then the oldest that wait are dropped, and
     *       counted in {@link #droppedFailureCount()}. Neither other subscribers nor the engine wait for it.
     *   <li><b>onError</b>: only what the subscriber itself throws out of {@code onNext}; its subscription is cancelled,
     *       other subscribers notice nothing.
     *   <li><b>onComplete</b>: never.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: a {@code flotilla-listener} thread of the subscriber's own; it may block.
     * </ul>
     *
     * @return the failures
     */
    public Flux<StepFailure> failures() {
        return core.failures.feed().failures();
    }

    /**
     * The number of failures that slow subscribers of {@link #failures()} missed.
     *
     * @return the number for all subscribers since the engine was built
     */
    public long droppedFailureCount() {
        return core.failures.feed().droppedCount();
    }

    /**
     * The number of emitted values that slow or late subscribers of {@link #signals(Iterable, Object)} and of the output of runs
     * missed, counted when they get the end of the step.
     *
     * @return the number for all subscribers since the engine was built
     */
    public long droppedEmissionCount() {
        return core.emissions.droppedCount();
    }

    /**
     * The number of calls of {@link io.flotilla.agent.StepContext#emit} that nobody got, since the value was null or the
     * attempt had ended.
     *
     * @return the number since the engine was built
     */
    public long ignoredEmissionCount() {
        return core.emissions.ignoredCount();
    }

    /**
     * How many steps of a round run at the same time at most.
     *
     * @return as configured
     */
    public int concurrency() {
        return core.settings.concurrency;
    }

    /**
     * The limit on all steps in flight.
     *
     * @return as configured; null without a limit
     */
    public @Nullable InFlightLimit maxInFlight() {
        return core.settings.maxInFlight;
    }

    /**
     * How long a step may take whose agent has no timeout of its own.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration stepTimeout() {
        return core.settings.stepTimeout;
    }

    /**
     * How long a step may neither emit nor end.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration idleTimeout() {
        return core.settings.idleTimeout();
    }

    /**
     * How long a whole round may take.
     *
     * @return as configured; null without a limit
     */
    public @Nullable Duration roundTimeout() {
        return roundTimeout;
    }

    /**
     * How steps start.
     *
     * @return as configured
     */
    public Order order() {
        return order;
    }

    /**
     * What a failed step does to its round.
     *
     * @return as configured
     */
    public FailureMode failureMode() {
        return failureMode;
    }

    // --- for rounds, and for engines built on this one

    EngineCore core() {
        return core;
    }

    int maxStepsInFlight() {
        return order.oneByOne() ? 1 : core.settings.concurrency;
    }

    /** Concurrency, timeout, order and mode. */
    @Override
    public String toString() {
        InFlightLimit limit = core.settings.maxInFlight;
        return "StepEngine[concurrency=" + core.settings.concurrency
                + (limit == null ? "" : ", maxInFlight=" + limit.maxInFlight()) + ", stepTimeout="
                + core.settings.stepTimeout + ", idleTimeout=" + idleTimeout()
                + (roundTimeout == null ? "" : ", roundTimeout=" + roundTimeout) + ", order=" + order + ", failureMode="
                + failureMode + "]";
    }

    /** The configuration of an engine. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder extends EngineOptions<Builder> {

        private Builder(EngineSettings settings) {
            super(settings);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the engine. The builder may be changed and used again.
         *
         * @return a new engine
         */
        public StepEngine build() {
            return new StepEngine(
                    new EngineCore(settings.copy()), settings.order, settings.failureMode, settings.roundTimeout);
        }
    }
}
